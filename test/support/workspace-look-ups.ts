import type { FakeWorld } from './fake-world.ts'

/** What a fake server answers to one path of the proxy's questions: null for what is not there. */
export type LookUp = readonly [path: RegExp, find: (world: FakeWorld, query: URLSearchParams, path: string) => object | null]

const namesOf = (world: FakeWorld) => [...new Set(world.versions.map(({ name }) => name))]
const idOf = (known: Readonly<Record<string, string>> | undefined, name: string | null) =>
  Object.entries(known ?? {}).find(([, each]) => each === name)?.[0]

/** A version as Unity Catalog tells it, whose aliases stand at its model. */
function catalogVersion(fact: FakeWorld['versions'][number] | undefined) {
  return fact && { name: fact.name, version: fact.version, source: fact.source, run_id: fact.runId, status: 'READY' }
}

function catalogModel(world: FakeWorld, name: string | null): object | null {
  const versions = world.versions.filter((fact) => fact.name === name)
  if (versions.length === 0) return null
  const marked = versions.flatMap(({ version, aliases = [] }) => aliases.map((alias) => ({ alias, version })))
  const named = Object.entries(world.aliases ?? {}).flatMap(([place, version]) => {
    const [model, alias] = place.split('@')
    return model === name ? [{ alias, version }] : []
  })
  return { registered_model: { name, aliases: [...marked, ...named] } }
}

function found(version: object | undefined): object | null {
  return version === undefined ? null : { model_version: version }
}

/** What the proxy asks of a Databricks workspace, and of no other server. */
export const workspaceLookUps: readonly LookUp[] = [
  [
    /\/api\/3\.0\/mlflow\/traces\/tr-[0-9a-f]+$/,
    (world, _query, path) => {
      const fact = world.traces?.find(({ id }) => path.endsWith(id))
      if (fact === undefined) return null
      const trace_location = { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: fact.experimentId } }
      const trace_metadata = { 'mlflow.sourceRun': fact.sourceRunId ?? '' }
      return { trace: { trace_info: { trace_id: fact.id, trace_location, trace_metadata } } }
    },
  ],
  [
    /\/registry-webhooks\/list$/,
    (world) => ({ webhooks: Object.entries(world.webhooks ?? {}).map(([id, model_name]) => ({ id, model_name })) }),
  ],
  [
    /\/databricks\/registered-models\/get$/,
    (world, query) => {
      const id = idOf(world.modelIds, query.get('name'))
      return id === undefined ? null : { registered_model_databricks: { id, name: query.get('name') } }
    },
  ],
  [/\/mlflow\/registered-models\/search$/, (world) => ({ registered_models: namesOf(world).map((name) => ({ name })) })],
  [
    /\/serving-endpoints$/,
    (world) => ({ endpoints: Object.entries(world.endpointIds ?? {}).map(([id, name]) => ({ id, name })) }),
  ],
  [/\/unity-catalog\/registered-models\/get$/, (world, query) => catalogModel(world, query.get('name'))],
  [
    /\/unity-catalog\/model-versions\/get$/,
    (world, query) =>
      found(
        catalogVersion(
          world.versions.find(({ name, version }) => name === query.get('name') && version === query.get('version')),
        ),
      ),
  ],
  [
    /\/unity-catalog\/registered-models\/alias$/,
    (world, query) => {
      const number = world.aliases?.[`${query.get('name')}@${query.get('alias')}`]
      const fact = world.versions.find(({ name, version }) => name === query.get('name') && version === number)
      return found(catalogVersion(fact))
    },
  ],
  [
    /\/unity-catalog\/model-versions\/search$/,
    (world, query) => {
      const [, key = '', value = ''] = /^(name|run_id)='(.*)'$/.exec(query.get('filter') ?? '') ?? []
      const rows = world.versions.filter((fact) => (key === 'name' ? fact.name : fact.runId) === value)
      return { model_versions: rows.map(catalogVersion) }
    },
  ],
  [
    /\/unity-catalog\/models$/,
    (world, query) => {
      const schema = `${query.get('catalog_name')}.${query.get('schema_name')}.`
      const names = namesOf(world).filter((name) => name.startsWith(schema))
      return { registered_models: names.map((full_name) => ({ full_name })) }
    },
  ],
]
