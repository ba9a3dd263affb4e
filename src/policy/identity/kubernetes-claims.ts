import type { Json } from '../messages/json/json.ts'
import { Refusal } from '../reasons.ts'
import type { Authenticated } from './claims.ts'
import { checkToken, readAudience, readId } from './openid-claims.ts'
import { checkValidity, readValidity } from './validity.ts'

/** What a service account's token has to say. */
export interface KubernetesExpectation {
  readonly issuer: string
  readonly audiences: readonly string[]
}

/** What Kubernetes calls the group of all service accounts of a namespace, before the namespace; no other issuer may give such groups. */
export const serviceAccounts = 'system:serviceaccount'
const subject = /^system:serviceaccount:([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?):([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)$/

/**
 * Reads the claims of a service account's token whose signature has been verified; `now` in seconds since 1970. Its groups are its own name
 * and its namespace, as Kubernetes writes them: `system:serviceaccount:<namespace>:<name>` and `system:serviceaccounts:<namespace>`.
 * Throws Refusal 'unauthenticated'.
 */
export function readServiceAccount(claims: Json, expectation: KubernetesExpectation, now: number): Authenticated {
  const object = checkToken(claims, expectation.issuer)
  const audience = readAudience(object, expectation.audiences)
  const validity = readValidity(object, 'optional')
  checkValidity(validity, now)
  const objectId = readId(object, ['sub'])
  const [, namespace] = subject.exec(objectId) ?? []
  const details = object.get('kubernetes.io')
  // Tokens of the time before they were bound to a pod and an audience have no such claim, and are good for ever.
  if (namespace === undefined || !(details instanceof Map) || details.get('namespace') !== namespace) {
    throw new Refusal(
      'unauthenticated',
      'The token is not one that Kubernetes projects for a service account: mount one with `serviceAccountToken` and an audience of this proxy.',
    )
  }
  const groups = Object.freeze([objectId, `${serviceAccounts}s:${namespace}`])
  const principal = Object.freeze({
    tenantId: expectation.issuer,
    objectId,
    kind: 'application' as const,
    groups,
    name: objectId,
  })
  return Object.freeze({ principal, overage: false, audience, validity })
}
