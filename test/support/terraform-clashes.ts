import { record } from './manifests.ts'
import type { Asked } from './terraform-town.ts'

/** What a resource sets, and to what: two resources that set the same thing to different values undo each other at every apply. */
interface Setting {
  readonly of: string
  readonly to: string
}

const text = (value: unknown) => JSON.stringify(value ?? null)

const entitlements = ['allow_cluster_create', 'allow_instance_pool_create', 'databricks_sql_access', 'workspace_access']

// The object among the arguments of databricks_permissions and databricks_grants: whatever is none of the others.
function objectOf(own: Record<string, unknown>): string {
  const others = ['access_control', 'grant', 'principal', 'privileges', 'id']
  return text(Object.entries(own).find(([key, value]) => !others.includes(key) && value !== null && value !== undefined))
}

// A databricks_group sets its entitlements even where it names none; so the provider's documentation forbids databricks_entitlements beside it.
function settingsOf({ address, arguments: own }: Asked): Setting[] {
  const [type = ''] = address.split('.')
  if (type === 'databricks_group')
    return [{ of: `entitlements of ${text(own.id)}`, to: text(entitlements.map((key) => own[key])) }]
  if (type === 'databricks_entitlements') return [{ of: `entitlements of ${text(own.group_id)}`, to: 'databricks_entitlements' }]
  if (type === 'databricks_permissions') return [{ of: `permissions of ${objectOf(own)}`, to: text(own.access_control) }]
  if (type === 'databricks_grants') return [{ of: `grants on ${objectOf(own)}`, to: text(own.grant) }]
  if (type === 'databricks_secret_acl')
    return [{ of: `secrets of ${text([own.scope, own.principal])}`, to: text(own.permission) }]
  if (type === 'databricks_permission_assignment')
    return [{ of: `assignment of ${text(own.group_name)}`, to: text(own.permissions) }]
  if (type !== 'databricks_grant') return []
  // One principal's grants, and a part of all grants on the object.
  return [
    { of: `grants on ${objectOf(own)}`, to: 'databricks_grant' },
    { of: `grants on ${objectOf(own)} to ${text(own.principal)}`, to: text(own.privileges) },
  ]
}

/** What several resources of one configuration set differently, one sentence each. */
export function findOverlaps(asked: readonly Asked[]): string[] {
  const set = new Map<string, Set<string>>()
  for (const { of, to } of asked.map((one) => ({ ...one, arguments: record(one.arguments) })).flatMap(settingsOf)) {
    set.set(of, (set.get(of) ?? new Set()).add(to))
  }
  return [...set].flatMap(([of, values]) => (values.size > 1 ? [`${of}: ${[...values].join(' and ')}`] : []))
}
