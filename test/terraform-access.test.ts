import { join } from 'node:path'
import t from 'tap'
import { ownerOf } from '../src/policy/names.ts'
import { loadConfig } from '../src/server/config.ts'
import { record } from './support/manifests.ts'
import { readList, readText } from './support/terraform-environments.ts'
import { permissionLevels } from './support/terraform-schemas.ts'
import { type Asked, applyModules, entraIds, tryVariables, workspaceModels } from './support/terraform-town.ts'
import { acc, environments, own, preprod, prod, securityGroup, shared, surroundings, uses } from './support/terraform-uses.ts'

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
    t.strictSame(of('own', 'databricks_entitlements.all'), [], 'nobody needs to enter the workspace')
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
  t.match(of('reading', 'databricks_entitlements.all'), [{ arguments: { group_id: 'group of all', workspace_access: true } }])
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
  const lists = asked.filter(({ address }) => address === folders || address === models)
  t.ok(lists.length > 20)
  for (const { module, key, arguments: permissions } of lists) {
    const [kind = '', levels = []] = Object.entries(permissionLevels).find(([argument]) => argument in permissions) ?? []
    t.match(permissions[kind], /^(directory|model) /, `${module} ${key}`)
    const entries = Array.isArray(permissions.access_control) ? permissions.access_control.map(record) : []
    t.ok(entries.every(({ permission_level }) => levels.includes(String(permission_level))))
    t.ok(entries.every((e) => (e.group_name === null) !== (e.service_principal_name === null)))
    const principals = entries.map((e) => e.group_name ?? e.service_principal_name)
    t.equal(new Set(principals).size, principals.length)
    t.notMatch(principals.join(), /apps_all|everybody/)
  }
})

t.test("folders and groups are the proxy's, and a model belongs to the environment that the proxy says", async (t) => {
  const landscape = { environments: readList(join(folder, 'config'), environments) ?? [], foldsCase: false }
  for (const { name, experimentRoot } of landscape.environments) {
    const [directory] = of('own', 'databricks_directory.experiments').filter(({ key }) => key === name)
    t.equal(directory?.arguments.path, experimentRoot)
  }
  t.strictSame(
    keysOf(of('own', 'databricks_group.environment')),
    landscape.environments.flatMap(({ groups }) => groups).toSorted(),
  )
  t.match(of('own', 'databricks_group.all'), [{ arguments: { display_name: 'apps_all' } }])
  t.strictSame(keysOf(of('own', 'databricks_group_member.all')), ['apps_acc', 'apps_preprod', 'apps_prod'])
  const owners = workspaceModels.flatMap((name) => {
    const owner = ownerOf(landscape, 'model', name)
    return owner === null ? [] : [[name, owner.owner.name]]
  })
  t.strictSame(outputs.own?.model_owners, Object.fromEntries(owners))
})

t.test(
  'applications join the first named group of their environment; groups that exist already are only looked up',
  async (t) => {
    t.match(of('callers', 'databricks_service_principal.application'), [
      { key: 'acc/churn', arguments: { application_id: 'client churn' } },
    ])
    const joined = { group_id: 'group apps_acc', member_id: 'principal acc/churn' }
    t.match(of('callers', 'databricks_group_member.application'), [{ key: 'acc/churn', arguments: joined }])
    t.strictSame(outputs.shared?.group_ids, { ml: 'found ml', ops: 'found ops' }, 'an object id is no group of Databricks')
    t.equal(outputs.shared?.all_group_id, 'found of all')
    t.strictSame(of('shared', 'databricks_group.environment'), [])
  },
)

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
    ['all', { environments: { acc: {} }, proxy_application_ids: { acc }, all_group: 'apps_acc' }, 'var.all_group'],
    ['applications', { environments: { acc: {} }, proxy_application_ids: { acc }, applications: { x: {} } }, 'var.applications'],
  ]
  const table = Object.fromEntries(refusals.map(([name, variables, refused]) => [name, { variables, refused }]))
  t.strictSame(await tryVariables(t.testdir(), 'modules/mlflow-environments', table), [])
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
