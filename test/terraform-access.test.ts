import { join } from 'node:path'
import t from 'tap'
import { ownerOf } from '../src/policy/names/names.ts'
import { loadConfig } from '../src/server/config/config.ts'
import { record } from './fixtures/manifests.ts'
import { findOverlaps } from './fixtures/terraform-clashes.ts'
import { readList, readText } from './fixtures/terraform-environments.ts'
import { permissionLevels, schemaPrivileges } from './fixtures/terraform-schemas.ts'
import { type Asked, applyModules, entraIds, tryVariables, workspaceModels } from './fixtures/terraform-tenancy.ts'
import {
  acc,
  environments,
  inCatalog,
  own,
  preprod,
  prod,
  securityGroup,
  shared,
  surroundings,
  uses,
} from './fixtures/terraform-uses.ts'

t.setTimeout(5 * 60_000)
const folder = t.testdir({ config: {}, root: {} })
const { outputs, asked } = await applyModules(join(folder, 'root'), uses, surroundings)

const of = (module: string, address: string) => asked.filter((a) => a.module === module && a.address === address)
const keysOf = (list: readonly Asked[]) => list.map(({ key }) => key).sort()

/** The access lists that Databricks would get: by object, `principal LEVEL` in order. */
function accessOf(module: string, address: string): Record<string, string[]> {
  const lists = of(module, address).map(({ key, arguments: { access_control } }) => {
    const entries = Array.isArray(access_control) ? access_control.map(record) : []
    return [key, entries.map((e) => `${e.group_name ?? e.service_principal_name} ${e.permission_level}`).sort()]
  })
  return Object.fromEntries(lists)
}

const folders = 'databricks_permissions.experiments'
const models = 'databricks_permissions.registered_model'

t.test(
  "with the proxy's identities, each owns its environment, promotes from what it may, and no group holds anything",
  async (t) => {
    const expected = {
      acc: [`${acc} CAN_MANAGE`, `${prod} CAN_READ`],
      preprod: [`${preprod} CAN_MANAGE`],
      prod: [`${prod} CAN_MANAGE`],
    }
    t.strictSame(accessOf('own', folders), expected)
    const production = [`${acc} CAN_MANAGE`, `${prod} CAN_MANAGE_PRODUCTION_VERSIONS`]
    const perModel = {
      fraud_acc: production,
      x_y_acc: production,
      fraud_preprod: [`${preprod} CAN_MANAGE`],
      fraud_prod: [`${prod} CAN_MANAGE`],
    }
    t.strictSame(accessOf('own', models), perModel)
    t.strictSame(accessOf('unmanaged', folders), expected, 'ids known beforehand, in capitals, make no difference')
    t.strictSame(of('unmanaged', models), [])
    t.strictSame(of('own', 'databricks_permission_assignment.group'), [], 'nobody needs to enter the workspace')
  },
)

t.test('groups that may read get CAN_READ where their environment may read, and never more', async (t) => {
  const readers = (module: string, address: string) =>
    Object.fromEntries(
      Object.entries(accessOf(module, address)).map(([key, list]) => [key, list.filter((entry) => entry.startsWith('apps_'))]),
    )
  const both = ['apps_acc CAN_READ', 'apps_prod CAN_READ']
  t.strictSame(readers('reading', folders), { acc: both, preprod: ['apps_preprod CAN_READ'], prod: ['apps_prod CAN_READ'] })
  t.match(readers('reading', models), { fraud_acc: both, fraud_prod: ['apps_prod CAN_READ'] })
  for (const module of ['reading', 'asked', 'callers']) {
    const assigned = of(module, 'databricks_permission_assignment.group')
    t.strictSame(keysOf(assigned), ['apps_acc', 'apps_preprod', 'apps_prod'], `${module}: they may enter the workspace`)
    t.ok(assigned.every(({ key, arguments: a }) => a.group_name === key && String(a.permissions) === 'USER'))
  }
  t.strictSame(of('shared', 'databricks_permission_assignment.group'), [], 'unless somebody else assigns them')
})

t.test('one identity for all environments is named once in a list, with its strongest level', async (t) => {
  const once = [`${acc} CAN_MANAGE`]
  t.strictSame(accessOf('one', folders), { acc: once, preprod: once, prod: once })
  t.match(accessOf('one', models), { fraud_acc: once, fraud_prod: once })
})

t.test('with passed-through tokens the groups hold what the stages need', async (t) => {
  t.strictSame(accessOf('callers', folders), {
    acc: ['apps_acc CAN_MANAGE', 'apps_prod CAN_READ'],
    preprod: ['apps_preprod CAN_MANAGE'],
    prod: ['apps_prod CAN_MANAGE'],
  })
  t.match(accessOf('callers', models), {
    fraud_acc: ['apps_acc CAN_MANAGE_STAGING_VERSIONS', 'apps_prod CAN_MANAGE_PRODUCTION_VERSIONS'],
    fraud_preprod: ['apps_preprod CAN_MANAGE_STAGING_VERSIONS'],
    fraud_prod: ['apps_prod CAN_MANAGE_PRODUCTION_VERSIONS'],
  })
  t.match(accessOf('shared', models), {
    fraud_acc: ['ml CAN_MANAGE_PRODUCTION_VERSIONS', 'ops CAN_MANAGE_PRODUCTION_VERSIONS'],
  })
})

t.test('every list names known levels, one principal an entry, each once, and never the group of all', async (t) => {
  const lists = asked.filter(({ address }) => address.startsWith('databricks_permissions.'))
  t.ok(lists.length > 20)
  for (const { module, key, arguments: permissions } of lists) {
    const [kind = '', levels = []] = Object.entries(permissionLevels).find(([argument]) => argument in permissions) ?? []
    t.match(permissions[kind], /^(directory|model|endpoint) /, `${module} ${key}`)
    const entries = Array.isArray(permissions.access_control) ? permissions.access_control.map(record) : []
    t.ok(entries.every(({ permission_level }) => levels.includes(String(permission_level))))
    t.ok(entries.every((e) => (e.group_name === null) !== (e.service_principal_name === null)))
    const principals = entries.map((e) => e.group_name ?? e.service_principal_name)
    t.equal(new Set(principals).size, principals.length)
    t.notMatch(principals.join(), /apps_all|everybody/)
  }
})

t.test("folders are the proxy's, and a model belongs to the environment that the proxy says", async (t) => {
  const config = { environments: readList(join(folder, 'config'), environments) ?? [], foldsCase: false }
  for (const { name, experimentRoot } of config.environments) {
    const [directory] = of('own', 'databricks_directory.experiments').filter(({ key }) => key === name)
    t.equal(directory?.arguments.path, experimentRoot)
  }
  const owners = workspaceModels.flatMap((name) => {
    const owner = ownerOf(config, 'model', name)
    return owner === null ? [] : [[name, owner.owner.name]]
  })
  t.strictSame(record(outputs.own?.owners).model, Object.fromEntries(owners))
})

t.test('groups of the account and of a workspace are made apart from the permissions, with their members', async (t) => {
  t.strictSame(keysOf(of('accountGroups', 'databricks_group.environment')), ['apps_acc', 'apps_preprod', 'apps_prod'])
  t.match(of('accountGroups', 'databricks_group.all'), [{ arguments: { display_name: 'apps_all', workspace_access: null } }])
  t.strictSame(keysOf(of('accountGroups', 'databricks_group_member.all')), ['apps_acc', 'apps_preprod', 'apps_prod'])
  t.match(of('accountGroups', 'databricks_service_principal.application'), [
    { key: 'acc/churn', arguments: { application_id: 'client churn' } },
  ])
  const joined = { group_id: 'group apps_acc', member_id: 'principal acc/churn' }
  t.match(of('accountGroups', 'databricks_group_member.application'), [{ key: 'acc/churn', arguments: joined }])
  t.strictSame(outputs.workspaceGroups?.group_ids, { ml: 'group ml', ops: 'group ops' }, 'an object id is no group of Databricks')
  t.match(of('workspaceGroups', 'databricks_group.all'), [{ arguments: { display_name: 'everybody', workspace_access: true } }])
  const made = asked.filter(({ address }) => /^databricks_(group|group_member|service_principal|entitlements)\./.test(address))
  t.strictSame([...new Set(made.map(({ module }) => module))].sort(), ['accountGroups', 'workspaceGroups'])
})

t.test('no two resources of a configuration set the same thing', async (t) => {
  for (const module of Object.keys(uses)) t.strictSame(findOverlaps(asked.filter((one) => one.module === module)), [], module)
  const one = (address: string, own: object): Asked => ({ module: 'x', address, key: null, arguments: { ...own } })
  const group = one('databricks_group.a', { id: '1', display_name: 'a' })
  const grant = (principal: string, privileges: string[]) => one('databricks_grant.a', { catalog: 'ml', principal, privileges })
  const clashing = [
    [group, one('databricks_entitlements.a', { group_id: '1', workspace_access: true })],
    [grant('a', ['USE_CATALOG']), grant('a', ['USE_CATALOG', 'SELECT'])],
    [grant('a', ['USE_CATALOG']), one('databricks_grants.a', { catalog: 'ml', grant: [] })],
    [1, 2].map((level) => one('databricks_permissions.a', { directory_id: '1', access_control: [{ level }] })),
  ]
  for (const pair of clashing) t.equal(findOverlaps(pair).length, 1, 'what does clash is found')
  t.strictSame(findOverlaps([group, grant('a', ['USE_CATALOG']), grant('b', ['SELECT']), grant('a', ['USE_CATALOG'])]), [])
})

/** The grants that Unity Catalog would get on schemas: by schema, `principal PRIVILEGES` in order. */
function schemaGrants(module: string): Record<string, string[]> {
  const lists = of(module, 'databricks_grants.schema').map(({ arguments: { schema, grant } }) => {
    const entries = Array.isArray(grant) ? grant.map(record) : []
    return [String(schema), entries.map((e) => `${e.principal} ${String(e.privileges)}`).sort()]
  })
  return Object.fromEntries(lists)
}

const works = 'APPLY_TAG,CREATE_MODEL,EXECUTE,USE_SCHEMA'
const reads = 'EXECUTE,USE_SCHEMA'

t.test('in Unity Catalog each works in its own schema, and reads what it promotes from', async (t) => {
  const expected = {
    'ml.acc': [`${acc} ${works}`, `${prod} ${reads}`],
    'ml.preprod': [`${preprod} ${works}`],
    'prod.models': [`${prod} ${works}`],
  }
  t.strictSame(schemaGrants('catalog'), expected)
  t.strictSame(schemaGrants('catalogGiven'), expected, 'schemas that exist get the same grants')
  t.strictSame(schemaGrants('catalogCallers'), {
    'ml.acc': [`apps_acc ${works}`, `apps_prod ${reads}`],
    'ml.preprod': [`apps_preprod ${works}`],
    'prod.models': [`apps_prod ${works}`],
  })
  t.strictSame(schemaGrants('catalogReading')['ml.acc'], [`${acc} ${works}`, `apps_acc ${reads}`, `apps_prod ${reads}`])
  const schemas = of('catalog', 'databricks_schema.models').map(({ arguments: a }) => `${a.catalog_name}.${a.name}`)
  t.strictSame(
    schemas.sort(),
    Object.values(inCatalog).map((e) => e.unity_catalog_schema),
  )
  t.strictSame(of('catalogGiven', 'databricks_schema.models'), [])
  t.ok([works, reads].every((list) => list.split(',').every((privilege) => schemaPrivileges.includes(privilege))))
})

t.test('catalogs are granted to exactly those who hold something on a schema in them, and nothing but their use', async (t) => {
  for (const module of ['catalog', 'catalogReading', 'catalogCallers']) {
    const granted = of(module, 'databricks_grant.catalog').map(
      ({ arguments: a }) => `${a.catalog} ${a.principal} ${a.privileges}`,
    )
    const needed = Object.entries(schemaGrants(module)).flatMap(([schema, list]) =>
      list.map((entry) => `${schema.split('.')[0]} ${entry.split(' ')[0]} USE_CATALOG`),
    )
    t.strictSame([...new Set(granted)].sort(), [...new Set(needed)].sort(), module)
  }
  t.strictSame(of('catalogGiven', 'databricks_grant.catalog'), [])
  for (const module of ['catalog', 'catalogReading', 'catalogCallers', 'catalogGiven'])
    t.strictSame(of(module, models), [], `${module}: the workspace's own registry, which may be disabled, is not asked for`)
})

t.test('serving endpoints belong to their environment, and its identity reads the secrets that they name', async (t) => {
  const endpoints = 'databricks_permissions.serving_endpoint'
  t.strictSame(accessOf('serving', endpoints), {
    score_acc: [`${acc} CAN_MANAGE`, 'apps_acc CAN_VIEW'],
    score_prod: ['apps_prod CAN_VIEW', `${prod} CAN_MANAGE`],
  })
  t.strictSame(accessOf('catalogCallers', endpoints), {
    score_acc: ['apps_acc CAN_MANAGE'],
    score_prod: ['apps_prod CAN_MANAGE'],
  })
  t.strictSame(of('own', endpoints), [], 'only where that is asked for')
  const readable = (module: string) =>
    of(module, 'databricks_secret_acl.serving')
      .map(({ arguments: a }) => `${a.scope} ${a.principal} ${a.permission}`)
      .sort()
  t.strictSame(readable('catalog'), [`acc-models ${acc} READ`, `prod-models ${prod} READ`])
  t.strictSame(readable('catalogCallers'), ['acc-models apps_acc READ', 'prod-models apps_prod READ'])
  t.strictSame(readable('catalogGiven'), [])
})

t.test("the module refuses what would leave an environment open or without anybody's work", async (t) => {
  const refusals: [string, object, string | null][] = [
    ['good', { environments, proxy_application_ids: own }, null],
    ['shared', { environments: { acc: { experiment_root: '/Shared/acc' } }, mode: 'passthrough' }, 'var.environments'],
    ['workspace', { environments: { acc: { experiment_root: '/Workspace/acc' } }, mode: 'passthrough' }, 'var.environments'],
    ['mode', { environments, mode: 'anything' }, 'var.mode'],
    ['nobody', { environments: { acc: { groups: [securityGroup] } }, mode: 'passthrough' }, 'var.mode'],
    ['missing', { environments, proxy_application_ids: { acc } }, 'var.proxy_application_ids'],
    ['stranger', { environments: { acc: {} }, proxy_application_ids: { acc, prod } }, 'var.proxy_application_ids'],
    ['name', { environments: { acc: {} }, proxy_application_ids: { acc: 'proxy-acc' } }, 'var.proxy_application_ids'],
    [
      'registry',
      { environments: inCatalog, proxy_application_ids: own, manage_registered_models: true },
      'var.manage_registered_models',
    ],
  ]
  const table = Object.fromEntries(refusals.map(([name, variables, refused]) => [name, { variables, refused }]))
  t.strictSame(await tryVariables(t.testdir(), 'modules/mlflow-environments', table), [])
  const groupRefusals: [string, object, string | null][] = [
    ['good', { environments: inCatalog }, null],
    ['local', { environments: inCatalog, level: 'workspace' }, 'var.environments'],
    ['level', { environments, level: 'metastore' }, 'var.level'],
    ['entitled', { environments, workspace_access: true }, 'var.workspace_access'],
    ['all', { environments: { acc: {} }, all_group: 'apps_acc' }, 'var.all_group'],
    ['applications', { environments: { acc: {} }, applications: { x: {} } }, 'var.applications'],
  ]
  const groupTable = Object.fromEntries(groupRefusals.map(([name, variables, refused]) => [name, { variables, refused }]))
  t.strictSame(await tryVariables(t.testdir(), 'modules/groups', groupTable), [])
})

t.test('the app registration has a role for every named group, and applications and members get theirs', async (t) => {
  const [proxy] = of('entra', 'azuread_application.proxy')
  const roles = Array.isArray(proxy?.arguments.app_role) ? proxy.arguments.app_role.map(record) : []
  t.strictSame(roles.map(({ value }) => value).sort(), ['ml', 'ops'])
  t.equal(
    new Set(roles.map(({ id }) => String(id)).filter((id) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))).size,
    2,
  )
  t.match(proxy?.arguments, { identifier_uris: ['api://mlflow-env-proxy'], api: [{ requested_access_token_version: 2 }] })
  t.strictSame(proxy?.arguments.group_membership_claims, ['ApplicationGroup'])
  const assigned = of('entra', 'azuread_app_role_assignment.caller').map(({ key, arguments: a }) => [
    key,
    a.app_role_id,
    a.principal_object_id,
  ])
  t.strictSame(assigned, [
    ['acc/churn', 'role ml', 'object acc/churn'],
    ['prod/score', 'role ml', 'object prod/score'],
  ])
  t.match(of('entra', 'azuread_app_role_assignment.member'), [
    { arguments: { app_role_id: 'role ml', principal_object_id: 'object ann' } },
  ])
  t.match(of('entra', 'azuread_app_role_assignment.group'), [{ arguments: { principal_object_id: securityGroup } }])
  t.match(of('entra', 'azuread_service_principal.proxy'), [{ arguments: { app_role_assignment_required: true } }])
  t.strictSame(outputs.entra?.application_ids, { acc: { churn: 'client acc/churn' }, prod: { score: 'client prod/score' } })
})

t.test(
  'the example writes a configuration that the proxy accepts, with the same environments and its own audiences',
  async (t) => {
    const config = join(folder, 'config')
    const [file] = of('entra', 'local_file.configuration')
    t.equal(file?.arguments.content, outputs.entra?.configuration)
    const expected = readList(config, shared)
    t.strictSame(readText(config, String(outputs.entra?.configuration)), expected)
    const { authentication } = loadConfig(join(config, 'config.yaml'), {})
    t.match(authentication.entra, { tenantId: entraIds.tenant, audiences: ['api://mlflow-env-proxy', entraIds.client] })
    t.strictSame(
      readText(config, String(outputs.plain?.configuration)).map(({ name }) => name),
      ['acc', 'prod'],
    )
    t.strictSame(of('plain', 'local_file.configuration'), [])
  },
)
