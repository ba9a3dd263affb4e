import type { Principal } from '../../policy/identity/principal.ts'

/**
 * The caller in the form of a Databricks workspace (SCIM `Me`): what the proxy itself knows, and nothing about the principal that
 * it uses in the workspace. The id is Entra's, not the workspace's.
 */
export function scimMe({ objectId, kind, groups, name: known, applicationId }: Principal) {
  const name = known ?? (kind === 'application' ? applicationId : undefined) ?? objectId
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', 'urn:ietf:params:scim:schemas:extension:workspace:2.0:User'],
    id: objectId,
    externalId: objectId,
    userName: name,
    displayName: name,
    active: true,
    groups: groups.map((group) => ({
      display: group,
      value: group,
      type: 'direct',
      $ref: `Groups/${encodeURIComponent(group)}`,
    })),
  }
}
