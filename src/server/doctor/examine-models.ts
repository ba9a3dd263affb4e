import { attributeClause, printFilter } from '../../policy/filter/filter-string.ts'
import type { Asker, Examination, Staffed } from './asker.ts'
import { type Holding, isTooMuch, readHoldings, showHolding } from './examine-access-list.ts'
import { type Finding, findingsOf } from './finding.ts'
import { objectsIn, type Probe, textIn } from './probe.ts'

/** Models of each environment that are looked at: those that were touched last. */
const sample = 20
const aroundRemedy =
  'They can bypass the proxy there. Remove it, for instance by applying the Terraform module mlflow-environments.'

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

/** Who has too much on which of some models of an environment; and models whose permissions cannot be read. */
async function inspectModels({ probe, staff }: Examination, each: Staffed, asker: Asker, names: readonly string[]) {
  const holders = new Map<string, { holding: Holding; models: string[] }>()
  const unseen: string[] = []
  for (const name of names) {
    const holdings = await holdingsOn(probe, name, asker)
    if (typeof holdings === 'string') unseen.push(`${name} (${holdings})`)
    for (const holding of typeof holdings === 'string' ? [] : holdings) {
      if (!isTooMuch(holding, each, staff, 'model')) continue
      const known = holders.get(JSON.stringify(holding)) ?? { holding, models: [] }
      known.models.push(name)
      holders.set(JSON.stringify(holding), known)
    }
  }
  return { holders: [...holders.values()], unseen }
}

/** Who may do with an environment's models what the proxy would refuse? Whoever makes a model manages it. */
export async function* checkModels(examination: Examination, each: Staffed): AsyncGenerator<Finding> {
  const { environment, asker } = each
  const { problem, note, fine } = findingsOf(environment.name)
  if (asker === null) return
  const names = await sampleModels(examination.probe, environment.modelSuffix, asker)
  if (names === null)
    return yield note('models-unchecked', 'Its models cannot be read.', 'Use the token of someone who may read them.')
  const { holders, unseen } = await inspectModels(examination, each, asker, names)
  for (const { holding, models } of holders) {
    const message = `On ${models.length} of ${names.length} models ${showHolding(holding)}: ${models.slice(0, 3).join(', ')}.`
    yield holding.level === 'CAN_READ'
      ? note('model-read', message, 'They can read its versions without the proxy. Remove it if that is not intended.')
      : problem('model-too-wide', message, aroundRemedy)
  }
  if (unseen.length > 0) {
    const message = `The permissions of ${unseen.slice(0, 3).join(', ')} cannot be read.`
    yield note('models-unchecked', message, 'Use the token of someone who manages them.')
  } else if (holders.length === 0) {
    yield fine('models', `${names.length} models were checked: nobody has more rights than they should.`)
  }
}
