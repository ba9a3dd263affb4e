import { decodeJwt } from 'jose'
import type { Principal } from '../../policy/identity/principal.ts'

/** Entra's name for the bearer of a verified token: a person's name, or an application's id. */
function nameIn(authorization: string | undefined, kind: Principal['kind']): string | null {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) return null
  const { azp, appid, upn, preferred_username: preferred, unique_name: unique } = decodeJwt(token)
  const names = kind === 'application' ? [azp, appid] : [upn, preferred, unique]
  return names.find((name): name is string => typeof name === 'string' && name !== '') ?? null
}

/**
 * The caller in the form of a Databricks workspace (SCIM `Me`): what the proxy itself knows, and nothing about the principal that
 * it uses in the workspace. The id is Entra's, not the workspace's.
 */
export function scimMe({ objectId, kind, groups, name: known }: Principal, authorization: string | undefined) {
  // Not every token can be read: a personal access token says nothing.
  const name = known ?? nameIn(authorization, kind) ?? objectId
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
