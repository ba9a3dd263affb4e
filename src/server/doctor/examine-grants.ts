import { guid } from '../../policy/identity/guid.ts'
import type { Examination, Staffed } from './asker.ts'
import { type Holding, isTooMuch, type Level } from './examine-access-list.ts'
import { type Finding, findingsOf } from './finding.ts'
import { objectsIn, type Probe, type Said, textIn } from './probe.ts'

const api = '/api/2.1/unity-catalog'
/** Models of each schema that are looked at. */
const sample = 20

/** What lets its holder change models of a schema, or make them; of all else only `EXECUTE` opens one. */
const changing: ReadonlySet<string> = new Set([
  'ALL_PRIVILEGES',
  'MANAGE',
  'CREATE_MODEL',
  'CREATE_MODEL_VERSION',
  'CREATE_FUNCTION',
  'APPLY_TAG',
])

/** One who holds something, with how it is described. */
interface Granted {
  readonly holding: Holding
  readonly described: string
}

/** Unity Catalog names everybody alike: users by their address, service principals by their application id, groups by their name. */
function kindOf(name: string): Holding['kind'] {
  if (guid.test(name)) return 'service principal'
  return name.includes('@') ? 'user' : 'group'
}

function levelOf(privileges: readonly string[]): Level | null {
  if (privileges.some((privilege) => changing.has(privilege))) return 'CAN_MANAGE'
  return privileges.includes('EXECUTE') ? 'CAN_READ' : null
}

/** Grants as the answer lists them: each privilege by itself, or with where it is inherited from. */
function grantsIn(said: Said, staff: readonly Staffed[]): Granted[] {
  return objectsIn(said.good ?? undefined, 'privilege_assignments').flatMap((row): Granted[] => {
    const name = textIn(row, 'principal')
    const listed = row.get('privileges')
    const plain = (Array.isArray(listed) ? listed : []).map((each) =>
      typeof each === 'string' ? each : textIn(each, 'privilege'),
    )
    const privileges = plain.flatMap((each) => each?.toUpperCase().replaceAll(' ', '_') ?? [])
    const level = levelOf(privileges)
    if (name === null || level === null) return []
    const known = privileges.filter((privilege) => privilege === 'EXECUTE' || changing.has(privilege))
    return [{ holding: holdingOf(name, level, staff), described: `holds ${known.join(', ')}` }]
  })
}

/** Whoever works for an environment is known by their name, whatever form it has. */
function holdingOf(name: string, level: Level, staff: readonly Staffed[]): Holding {
  const works = staff.some(({ asker, passthrough }) => !passthrough && asker?.name === name)
  return { kind: works ? 'service principal' : kindOf(name), name, level }
}

function ownerIn(row: Parameters<typeof textIn>[0], staff: readonly Staffed[]): Granted[] {
  const name = textIn(row, 'owner')
  return name === null ? [] : [{ holding: holdingOf(name, 'CAN_MANAGE', staff), described: 'owns it' }]
}

function judge(where: string, granted: readonly Granted[], each: Staffed, staff: readonly Staffed[]): Finding[] {
  const { problem, note } = findingsOf(each.environment.name)
  const wide = granted.filter(({ holding }) => isTooMuch(holding, each, staff, 'folder'))
  return wide.map(({ holding, described }) => {
    const message = `Of ${where} the ${holding.kind} ${holding.name} ${described}.`
    return holding.level === 'CAN_READ'
      ? note('model-read', message, 'They can read versions there without the proxy. Revoke it if that is not intended.')
      : problem('model-too-wide', message, 'They can bypass the proxy there. Revoke it, or change the owner.')
  })
}

async function modelsOf(probe: Probe, schema: string, authorization: string | null) {
  const [catalog_name = '', schema_name = ''] = schema.split('.')
  const said = await probe.get(`${api}/models`, { catalog_name, schema_name, max_results: String(sample) }, authorization)
  return objectsIn(said.good ?? undefined, 'registered_models').slice(0, sample)
}

/** Who may do with the models of an environment's schema what the proxy would refuse? Whoever makes a model owns it. */
export async function* checkGrants({ probe, staff }: Examination, each: Staffed): AsyncGenerator<Finding> {
  const { environment, asker } = each
  const { problem, note, fine } = findingsOf(environment.name)
  const schema = environment.unityCatalogSchema ?? ''
  if (asker === null) return
  const ask = (path: string) => probe.get(`${api}/${path}`, {}, asker.authorization)
  const place = await ask(`schemas/${encodeURIComponent(schema)}`)
  if (place.good === null) {
    const message = `The schema ${schema} does not exist for ${asker.name ?? 'the proxy'} (${place.outcome}).`
    return yield problem('schema-missing', message)
  }
  const whole = await ask(`effective-permissions/schema/${encodeURIComponent(schema)}`)
  const unseen = whole.good === null ? [`the schema (${whole.outcome})`] : []
  const owners = judge(`schema ${schema}`, ownerIn(place.good, staff), each, staff)
  const findings = owners.map(({ message }) => note('schema-owner', message))
  findings.push(...judge(`schema ${schema}`, grantsIn(whole, staff), each, staff))
  const models = await modelsOf(probe, schema, asker.authorization)
  for (const model of models) {
    const full = textIn(model, 'full_name') ?? ''
    const said = await ask(`permissions/function/${encodeURIComponent(full)}`)
    if (said.good === null) unseen.push(`${full} (${said.outcome})`)
    findings.push(...judge(`model ${full}`, [...ownerIn(model, staff), ...grantsIn(said, staff)], each, staff))
  }
  yield* findings
  if (unseen.length > 0) {
    const message = `The grants of ${unseen.slice(0, 3).join(', ')} cannot be read.`
    yield note('models-unchecked', message, 'Use the token of the owner of the schema.')
  } else if (findings.length === 0) {
    const message = `Grants on schema ${schema} and ${models.length} of its models: nobody has more rights than they should.`
    yield fine('models', message)
  }
}
