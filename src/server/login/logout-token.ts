import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { Refusal } from '../../policy/reasons.ts'
import type { IssuerLogout } from './login-ends.ts'
import type { Once } from './login-memory.ts'
import { LogoutRefusal } from './logout-refusal.ts'

/** What the issuer says by a logout token; `message` is what was said, which counts once. */
interface SaidLogout {
  readonly logout: IssuerLogout
  readonly message: Once
}

/** What a logout token is checked with. */
export interface LogoutExpectation {
  readonly keys: JWTVerifyGetKey
  readonly issuer: string
  readonly clientId: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/** OpenID Connect Back-Channel Logout 1.0, 2.4. */
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'
/** Seconds: since a token was issued, and by how much clocks may differ. */
const oldest = 300
const skew = 60
const rules = { algorithms: ['RS256'], requiredClaims: ['iat', 'exp', 'jti'], maxTokenAge: oldest, clockTolerance: skew }

function refuse(fault: 'malformed' | 'unsigned' | 'expired' | 'foreign', why: string): never {
  throw new LogoutRefusal(fault, `The logout token ${why}, so nobody is logged out.`)
}

/** Whether it can be the id of a session of the issuer: such ids become part of keys. */
export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && /^[!-~]{1,200}$/.test(value)
}

/** The refusal of a token that the library refuses; what the keys' own trouble is passes as it is. */
function refusalOf(error: unknown): never {
  if (error instanceof errors.JWTExpired) return refuse('expired', 'has expired')
  if (error instanceof errors.JWTClaimValidationFailed)
    return refuse('foreign', `is not for this login: its ${error.claim} claim is wrong`)
  const isUnsigned = error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey
  if (isUnsigned) return refuse('unsigned', 'is not signed with a key of the issuer')
  const isTrouble = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid
  if (error instanceof errors.JOSEError && !isTrouble) return refuse('malformed', 'is not a signed JSON Web Token')
  throw new Refusal(
    'issuer-unavailable',
    'The keys of the issuer cannot be read, so nobody is logged out: send the logout token again.',
  )
}

function isEvent(events: unknown): boolean {
  if (typeof events !== 'object' || events === null) return false
  const [, event] = Object.entries(events).find(([name]) => name === logoutEvent) ?? []
  return typeof event === 'object' && event !== null && !Array.isArray(event)
}

function logoutIn({ sid, sub }: JWTPayload): IssuerLogout {
  if (sid !== undefined && !isSessionId(sid)) return refuse('malformed', 'names no session: its sid claim is wrong')
  if (sid !== undefined) return { issuerSession: sid }
  if (typeof sub === 'string' && sub !== '') return { subject: sub }
  return refuse('malformed', 'names neither a session (sid) nor a person (sub)')
}

/** Checks a logout token as OpenID Connect Back-Channel Logout 1.0, 2.6, says; whether it came before is left. Rejects with a Refusal. */
export async function readLogoutToken(token: string, { keys, issuer, clientId, now }: LogoutExpectation): Promise<SaidLogout> {
  const expected = { ...rules, issuer, audience: clientId, currentDate: new Date(now) }
  const { payload, protectedHeader } = await jwtVerify(token, keys, expected).catch(refusalOf)
  const { typ = 'JWT' } = protectedHeader
  if (!/^(?:application\/)?(?:logout\+)?jwt$/i.test(typ)) refuse('foreign', 'is a token of another type')
  // An ID token has the same keys, issuer and audience.
  if (payload.nonce !== undefined) refuse('foreign', 'has a nonce, which only ID tokens have')
  if (!isEvent(payload.events)) refuse('foreign', 'is none: it has no event of a logout')
  const { jti } = payload
  if (typeof jti !== 'string' || jti === '' || jti.length > 200) return refuse('malformed', 'has no usable jti claim')
  return { logout: logoutIn(payload), message: { id: `logout ${jti}`, milliseconds: (oldest + 2 * skew) * 1_000 } }
}
