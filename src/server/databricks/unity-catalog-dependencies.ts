import { isMapping, type Mapping } from '../config/mapping.ts'

/** A model's dependencies in Databricks, as Unity Catalog stores them with a version. */
export interface ModelDependency {
  readonly type: string
  readonly name: string
}

/** Resources of a model by their key in its description, as MLflow's own client reports them (mlflow/store/_unity_catalog/registry/rest_store.py). */
const resourceTypes = {
  vector_search_index: 'DATABRICKS_VECTOR_INDEX',
  serving_endpoint: 'DATABRICKS_MODEL_ENDPOINT',
  function: 'DATABRICKS_UC_FUNCTION',
  uc_connection: 'DATABRICKS_UC_CONNECTION',
  table: 'DATABRICKS_TABLE',
  uc_model_service: 'DATABRICKS_UC_MODEL_SERVICE',
} as const

/** The same in models that were logged by versions without resources. */
const olderTypes = {
  databricks_vector_search_index_name: 'DATABRICKS_VECTOR_INDEX',
  databricks_embeddings_endpoint_name: 'DATABRICKS_MODEL_ENDPOINT',
  databricks_llm_endpoint_name: 'DATABRICKS_MODEL_ENDPOINT',
  databricks_chat_endpoint_name: 'DATABRICKS_MODEL_ENDPOINT',
} as const

const most = { count: 1000, characters: 1024 } as const

function inside(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (isMapping(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined), value)
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Resources that are used with the rights of the model's caller are not dependencies. */
function nameOf(resource: unknown): unknown {
  return isMapping(resource) && resource.on_behalf_of_user !== true ? resource.name : undefined
}

function named(type: string, names: readonly unknown[]): ModelDependency[] {
  const said = names.filter((name) => typeof name === 'string' && name !== '' && name.length <= most.characters)
  return said.map((name) => ({ type, name: String(name) }))
}

/** The dependencies that a model's description (`MLmodel`) names. */
export function dependenciesOf(model: Mapping): readonly ModelDependency[] {
  const policy = inside(model, 'auth_policy')
  const resources = isMapping(policy) ? inside(policy, 'system_auth_policy', 'resources') : inside(model, 'resources')
  const known = isMapping(resources) && Object.keys(resources).length > 0
  const found = known
    ? Object.entries(resourceTypes).flatMap(([key, type]) =>
        named(type, listed(inside(resources, 'databricks', key)).map(nameOf)),
      )
    : Object.entries(olderTypes).flatMap(([key, type]) =>
        named(type, listed(inside(model, 'flavors', 'langchain', 'databricks_dependency', key))),
      )
  return found.slice(0, most.count)
}

/** Whether a model was packaged by Databricks' feature store, which looks up its features itself. */
export function isOfFeatureStore(model: Mapping): boolean {
  return inside(model, 'flavors', 'python_function', 'loader_module') === 'databricks.feature_store.mlflow_model'
}
