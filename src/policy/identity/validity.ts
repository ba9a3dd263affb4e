import { JsonNumber, type JsonObject } from '../messages/json/json.ts'
import { Refusal } from '../reasons.ts'

/** When a token may be used, in seconds since 1970. */
export interface Validity {
  readonly issuedAt: number
  readonly notBefore: number
  readonly expiresAt: number
}

const skew = 60
const longestLife = 25 * 3600

/** The times of a token. `nbf` may be left out only where `notBefore` says so; it is then the time of issue. Throws Refusal 'unauthenticated'. */
export function readValidity(claims: JsonObject, notBefore: 'required' | 'optional'): Validity {
  const issuedAt = readSeconds(claims, 'iat')
  const begins = notBefore === 'optional' && !claims.has('nbf') ? issuedAt : readSeconds(claims, 'nbf')
  const expiresAt = readSeconds(claims, 'exp')
  if (expiresAt - issuedAt > longestLife) {
    refuse(
      'The access token is valid for more than 25 hours, longer than any that is accepted here: fetch one that expires sooner.',
    )
  }
  return Object.freeze({ issuedAt, notBefore: begins, expiresAt })
}

/** Throws Refusal 'unauthenticated' unless `now`, in seconds, lies in the token's time, give or take 60 seconds. */
export function checkValidity({ issuedAt, notBefore, expiresAt }: Validity, now: number): void {
  if (now - expiresAt > skew) refuse('The access token has expired: fetch a new one and set MLFLOW_TRACKING_TOKEN to it.')
  if (notBefore - now > skew) refuse('The access token is not yet valid: check the clocks, or wait until its nbf time.')
  if (issuedAt - now > skew) refuse('The access token is not yet valid: it was issued in the future, so check the clocks.')
}

// At most ten digits: no exponent, fraction, sign or Infinity can slip through, and every value is exact.
function readSeconds(claims: JsonObject, name: string): number {
  const value = claims.get(name)
  if (!(value instanceof JsonNumber) || !/^[1-9][0-9]{0,9}$/.test(value.text)) {
    return refuse(`The access token has no valid ${name} claim: it must be a whole number of seconds since 1970.`)
  }
  return Number(value.text)
}

function refuse(sentence: string): never {
  throw new Refusal('unauthenticated', sentence)
}
