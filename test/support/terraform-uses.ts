import { type EnvironmentList, expression, type Use } from './terraform-town.ts'

/** The landscape of most uses. */
export const environments: EnvironmentList = { acc: {}, preprod: {}, prod: { production: true, promotes_from: ['acc'] } }
/** The ids of the proxy's service principals. */
export const [acc, preprod, prod] = ['acc', 'bee', 'ddd'].map((start) => `${start}00000-0000-0000-0000-00000000000a`)
/** The same by environment; capitals make no difference. */
export const own = { acc: acc?.toUpperCase(), preprod, prod }
/** An object id among the groups: no group by name. */
export const securityGroup = '6f1f9e6c-0f5b-4c0e-9f0e-3a1d5c7b9e21'
/** Two environments with a group in common. */
export const shared = {
  acc: { groups: ['ml', securityGroup] },
  prod: { groups: ['ml', 'ops'], production: true, promotes_from: ['acc'] },
}
const members = {
  environments: shared,
  members: { prod: { ann: 'object ann' } },
  applications: { acc: ['churn'], prod: ['score'] },
}

/** The landscape with its models in Unity Catalog: two catalogs, one of them for two environments. */
export const inCatalog: EnvironmentList = {
  acc: { unity_catalog_schema: 'ml.acc', serving_secret_scopes: ['acc-models'] },
  preprod: { unity_catalog_schema: 'ml.preprod' },
  prod: { unity_catalog_schema: 'prod.models', production: true, promotes_from: ['acc'], serving_secret_scopes: ['prod-models'] },
}

const databricks = (variables: object, computed = {}): Use => ({ source: 'modules/mlflow-environments', variables, computed })
const groups = (variables: object): Use => ({ source: 'modules/groups', variables })
// Ids that only exist once other resources are made: what is asked for must not depend on knowing them.
const later = Object.fromEntries(
  ['acc', 'preprod', 'prod'].map((name) => [name, expression(`terraform_data.later["${name}"].output`)]),
)

/** The modules in every way that the tests look at. */
export const uses: Readonly<Record<string, Use>> = {
  own: databricks({ environments }, { proxy_application_ids: later }),
  reading: databricks({ environments, proxy_application_ids: own, groups_may_read: true }),
  one: databricks({ environments, proxy_application_ids: { acc, preprod: acc, prod: acc } }),
  callers: databricks({ environments, mode: 'passthrough' }),
  shared: databricks({ environments: shared, mode: 'passthrough', assign_groups: false }),
  unmanaged: databricks({ environments, proxy_application_ids: own, manage_registered_models: false }),
  asked: databricks({ environments, proxy_application_ids: own, assign_groups: true, manage_registered_models: false }),
  catalog: databricks({ environments: inCatalog, manage_serving_endpoints: true }, { proxy_application_ids: later }),
  catalogReading: databricks({
    environments: inCatalog,
    groups_may_read: true,
    proxy_application_ids: { acc, preprod: acc, prod: acc },
  }),
  catalogCallers: databricks({ environments: inCatalog, mode: 'passthrough', manage_serving_endpoints: true }),
  catalogGiven: databricks({
    environments: inCatalog,
    proxy_application_ids: own,
    manage_schemas: false,
    manage_catalog_grants: false,
  }),
  serving: databricks({ environments, proxy_application_ids: own, groups_may_read: true, manage_serving_endpoints: true }),
  accountGroups: groups({ environments, applications: { acc: { churn: 'client churn' } } }),
  workspaceGroups: groups({ environments: shared, level: 'workspace', workspace_access: true, all_group: 'everybody' }),
  entra: { source: 'examples/entra', variables: { ...members, configuration_file: 'written.yaml' } },
  plain: { source: 'examples/entra', variables: {} },
}

/** What else the root module has. */
export const surroundings = { resource: { terraform_data: { later: { for_each: own, input: expression('each.value') } } } }
