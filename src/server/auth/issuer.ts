import { type Authenticated, type Expectation, readIssuers, readPrincipal } from '../../policy/identity/claims.ts'
import { type GroupOrigin, groupsFrom } from '../../policy/identity/issuer-groups.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import type { Json } from '../../policy/messages/json/json.ts'
import { oncePer } from '../../policy/once-per.ts'
import { type Algorithm, entraKeys } from './key-place.ts'
import type { KeySource } from './key-source.ts'

/** The keys of an issuer, as far as tokens need them. */
export type Keys = Pick<KeySource, 'ready' | 'current' | 'find'>

/** Whose tokens are accepted, and what they prove. */
export interface Issuer {
  /** For people: as in "the keys of … have not been read yet". */
  readonly name: string
  /** The values of `iss` by which its tokens say that they are its own, compared exactly. */
  readonly addresses: readonly string[]
  readonly algorithms: readonly Algorithm[]
  readonly keys: Keys
  /** What verified claims prove; `now` in seconds since 1970. Throws Refusal 'unauthenticated'. */
  readonly read: (claims: Json, now: number) => Authenticated
  /** Asks the issuer about the bearer of a verified token, where the token does not say enough; left out: it does. */
  readonly confirm?: (token: string, authenticated: Authenticated) => Promise<Authenticated>
}

/** A tenant of Microsoft Entra ID. */
export function entraIssuer(entra: Expectation, keys: Keys, origin?: GroupOrigin): Issuer {
  const read = (claims: Json, now: number) => readPrincipal(claims, entra, now)
  return {
    name: 'Microsoft Entra ID',
    addresses: Object.values(readIssuers(entra)),
    algorithms: entraKeys(entra).algorithms,
    keys,
    read: origin === undefined ? read : (claims, now) => withOrigin(read(claims, now), origin),
  }
}

// Once for a principal, for which its environments are found once, too.
const named = oncePer((origin: GroupOrigin) =>
  oncePer((principal: Principal) => Object.freeze({ ...principal, groups: groupsFrom(origin, principal.groups) })),
)

/** The same caller with the groups as the configuration names them. */
export function withOrigin(authenticated: Authenticated, origin: GroupOrigin): Authenticated {
  return { ...authenticated, principal: named(origin)(authenticated.principal) }
}
