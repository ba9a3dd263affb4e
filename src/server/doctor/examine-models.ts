import { usesCatalog } from '../../policy/environments/environment.ts'
import { attributeClause, printFilter } from '../../policy/filter/filter-string.ts'
import type { Config } from '../config/config-types.ts'
import type { Asker, Staffed } from './asker.ts'
import { type Holding, mostFor, reaches, readHoldings, showHolding } from './examine-access-list.ts'
import { checkGrants } from './examine-grants.ts'
import { type Finding, findingsOf } from './finding.ts'
import { objectsIn, type Probe, textIn } from './probe.ts'

/** Models of each environment that are looked at: those that were touched last. */
const sample = 20

/** Names of some models of an environment; null where they cannot be seen. */
export async function sampleModels(probe: Probe, suffix: string, { authorization }: Asker): Promise<readonly string[] | null> {
  const filter = printFilter([attributeClause('name', 'LIKE', { kind: 'string', text: `%${suffix}` })])
  const said = await probe.get('/api/2.0/mlflow/registered-models/search', { filter, max_results: '100' }, authorization)
  if (said.good === null) return null
  const names = objectsIn(said.good, 'registered_models').flatMap((row) => textIn(row, 'name') ?? [])
  return names.filter((name) => name.toLowerCase().endsWith(suffix.toLowerCase())).slice(0, sample)
}

/** What the workspace says of a model to whoever asks: its id, and what they hold on it. */
export async function inspectModel(probe: Probe, name: string, { authorization }: Asker) {
  const said = await probe.get('/api/2.0/mlflow/databricks/registered-models/get', { name }, authorization)
  const model = said.good?.get('registered_model_databricks')
  return { id: textIn(model, 'id'), level: textIn(model, 'permission_level'), outcome: said.outcome }
}

async function holdingsOn(probe: Probe, name: string, asker: Asker): Promise<readonly Holding[] | string> {
  const { id, outcome } = await inspectModel(probe, name, asker)
  if (id === null) return outcome
  const said = await probe.get(`/api/2.0/permissions/registered-models/${encodeURIComponent(id)}`, {}, asker.authorization)
  return said.good === null ? said.outcome : readHoldings(said.good)
}

async function checkModels(probe: Probe, each: Staffed, staff: readonly Staffed[]): Promise<readonly Finding[]> {
  const { environment, asker } = each
  const { problem, note, fine } = findingsOf(environment.name)
  if (asker === null) return []
  const names = await sampleModels(probe, environment.modelSuffix, asker)
  if (names === null)
    return [note('models-unchecked', 'Its models cannot be read.', 'Use the token of someone who may read them.')]
  const holders = new Map<string, { holding: Holding; models: string[] }>()
  const unseen: string[] = []
  for (const name of names) {
    const holdings = await holdingsOn(probe, name, asker)
    if (typeof holdings === 'string') unseen.push(`${name} (${holdings})`)
    for (const holding of typeof holdings === 'string' ? [] : holdings) {
      const most = mostFor(holding, each, staff, 'model')
      if (most !== null && reaches(most, holding.level)) continue
      const known = holders.get(JSON.stringify(holding)) ?? { holding, models: [] }
      known.models.push(name)
      holders.set(JSON.stringify(holding), known)
    }
  }
  const findings = [...holders.values()].map(({ holding, models }) => {
    const message = `On ${models.length} of ${names.length} models ${showHolding(holding)}: ${models.slice(0, 3).join(', ')}.`
    if (holding.level === 'CAN_READ')
      return note('model-read', message, 'They can read its versions without the proxy. Remove it if that is not intended.')
    return problem(
      'model-too-wide',
      message,
      'They can bypass the proxy there. Remove it, for instance by applying the Terraform module mlflow-environments.',
    )
  })
  const hidden =
    unseen.length === 0
      ? []
      : [
          note(
            'models-unchecked',
            `The permissions of ${unseen.slice(0, 3).join(', ')} cannot be read.`,
            'Use the token of someone who manages them.',
          ),
        ]
  const good =
    findings.length + hidden.length > 0
      ? []
      : [fine('models', `${names.length} models were checked: nobody has more rights than they should.`)]
  return [...findings, ...hidden, ...good]
}

/** Who may do with the environments' models what the proxy would refuse? Whoever makes a model manages it. */
export async function checkAllModels(config: Config, probe: Probe, staff: readonly Staffed[]): Promise<readonly Finding[]> {
  if (usesCatalog(config)) return checkGrants(probe, staff)
  const findings: Finding[] = []
  for (const each of staff) findings.push(...(await checkModels(probe, each, staff)))
  return findings
}
