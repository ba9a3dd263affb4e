import type { Dispatcher } from 'undici'
import type { ManagedIdentity } from '../config/config-types.ts'
import { isMapping } from '../config/mapping.ts'
import { namedError, noToken, withoutAnswer } from './issuer-error.ts'
import { askIssuer, type Grant, grantOf } from './token-endpoint.ts'

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Some endpoints name the seconds that are left, others the time of expiry; both as texts. */
function secondsOf({ expires_in: left, expires_on: end }: Readonly<Record<string, unknown>>, now: number): number {
  return left === undefined ? Number(end) - now / 1_000 : Number(left)
}

/** Asks the machine that the proxy runs on for a token of its managed identity. `now`: milliseconds since 1970. Throws as `requestToken` does. */
export async function requestOwnToken(
  dispatcher: Dispatcher,
  { endpoint, secret, clientId, resource }: ManagedIdentity,
  now: () => number = Date.now,
): Promise<Grant> {
  const url = new URL(endpoint)
  // A container app, App Service or function has an endpoint of its own, with a secret; a virtual machine has IMDS.
  url.searchParams.set('api-version', secret === null ? '2018-02-01' : '2019-08-01')
  url.searchParams.set('resource', resource)
  if (clientId !== null) url.searchParams.set('client_id', clientId)
  const headers: Record<string, string> = secret === null ? { metadata: 'true' } : { 'x-identity-header': secret }
  const { status, retryAfter, text } = await askIssuer(dispatcher, url.href, { method: 'GET', headers })
  const answer = readJson(text)
  if (status !== 200 || !isMapping(answer)) throw withoutAnswer(namedError(answer) ?? noToken(status), status, retryAfter)
  return grantOf(answer.access_token, secondsOf(answer, now()), status)
}
