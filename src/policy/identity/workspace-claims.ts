import type { Json } from '../messages/json/json.ts'
import type { Authenticated } from './claims.ts'
import { checkToken, readAudience, readId } from './openid-claims.ts'
import { checkValidity, readValidity } from './validity.ts'

/** What an OAuth token of a Databricks workspace has to say. */
export interface WorkspaceExpectation {
  /** `https://<workspace>/oidc` */
  readonly issuer: string
  /** Empty: any; tokens of a workspace are for the workspace, and it decides whether they are good. */
  readonly audiences: readonly string[]
}

/**
 * Reads the claims of a workspace's token whose signature has been verified; `now` in seconds since 1970. They name the bearer, but not by
 * an id that stays, and list no groups: the workspace has to be asked. Throws Refusal 'unauthenticated'.
 */
export function readWorkspaceToken(claims: Json, { issuer, audiences }: WorkspaceExpectation, now: number): Authenticated {
  const object = checkToken(claims, issuer)
  const audience = audiences.length === 0 ? issuer : readAudience(object, audiences)
  const validity = readValidity(object, 'optional')
  checkValidity(validity, now)
  const principal = Object.freeze({ tenantId: issuer, objectId: readId(object, ['sub']), kind: 'user' as const, groups: [] })
  return Object.freeze({ principal, overage: false, audience, validity, unlisted: true })
}
