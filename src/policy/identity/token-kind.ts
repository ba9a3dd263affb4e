import type { JsonObject } from '../messages/json/json.ts'
import { Refusal } from '../reasons.ts'

/** What only tokens that are not shown to an API have, by what they are. */
const otherKinds: readonly (readonly [what: string, claims: readonly string[]])[] = [
  // OpenID Connect Core 1.0, 2 and 3.3.2.11; Financial-grade API (s_hash).
  ['an ID token', ['nonce', 'at_hash', 'c_hash', 's_hash', 'sub_jwk']],
  // RFC 9449; signed HTTP requests, in which Entra ID's bound tokens are wrapped (`at`).
  ['a proof that accompanies a token', ['htm', 'htu', 'ath', 'at']],
  // OpenID Connect Back-Channel Logout 1.0; RFC 8417.
  ['a message about a session', ['events']],
]

/** Claims by which issuers say how a token is to be used, and what they say of an access token that whoever has it may use. */
const uses: readonly (readonly [claim: string, plain: readonly string[]])[] = [
  ['token_type', ['bearer']],
  ['tokentype', ['bearer']],
  ['token_use', ['access', 'access_token']],
  ['typ', ['bearer', 'jwt', 'at+jwt', 'access', 'access_token']],
  ['idtyp', ['user', 'app']],
]

function refuse(sentence: string): never {
  throw new Refusal('unauthenticated', sentence)
}

/**
 * Refuses a token that is something else than an access token which whoever has it may use. One that is bound to a key (`cnf`, RFC 7800) is
 * good only with a proof of that key: nobody asks for one here, so it would be taken from whoever stole it.
 */
export function checkPlainBearer(claims: JsonObject): void {
  if (claims.has('cnf')) {
    refuse(
      'The access token is bound to a key (its cnf claim), but this proxy does not support proof of possession: request a plain bearer token (no PoP, DPoP or mutual TLS).',
    )
  }
  for (const [claim, plain] of uses) {
    const value = claims.get(claim)
    if (value === undefined || (typeof value === 'string' && plain.includes(value.toLowerCase()))) continue
    refuse(`The token is not a plain access token: its ${claim} claim declares another type. Request a bearer access token.`)
  }
  for (const [what, names] of otherKinds) {
    const name = names.find((each) => claims.has(each))
    if (name !== undefined)
      refuse(`The ${name} claim shows that the token is ${what}: send an access token, not an ID token or a proof.`)
  }
}
