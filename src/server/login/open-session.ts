import { randomBytes } from 'node:crypto'
import { chooseEnvironment, environmentsOf } from '../../policy/environments/choose-environment.ts'
import type { PolicyConfig } from '../../policy/environments/environment.ts'
import type { Authenticated } from '../../policy/identity/claims.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Authenticator } from '../auth/authenticate.ts'
import type { IssuedTokens } from './issuer-client.ts'
import { isSessionId } from './logout-token.ts'
import { forSession, nameOf, type Session } from './session.ts'
import { refuseSession } from './session-store.ts'

/** What a login's tokens are checked with. */
export interface TokenCheck {
  readonly config: PolicyConfig
  /** The one of tokens in headers: a login proves what such a token would. */
  readonly authenticator: Authenticator
}

async function authenticate({ config, authenticator }: TokenCheck, accessToken: string): Promise<Authenticated> {
  const authenticated = await authenticator.authenticate([`Bearer ${accessToken}`])
  if (authenticated.principal.kind !== 'user') throw refuseSession('Microsoft Entra ID gave the token of an application')
  // Only now are all groups of the caller known, for the sentence that says which were seen.
  if (environmentsOf(config, authenticated.principal).length === 0) {
    // Whose groups are not known has not left.
    if (authenticated.unknownGroups !== undefined) throw authenticated.unknownGroups
    if (!authenticated.overage) chooseEnvironment(config, authenticated.principal, null)
  }
  return authenticated
}

/**
 * A new session for the tokens of a login; `lasts` in seconds, `begunAt` in milliseconds since 1970: before the tokens were asked for, so
 * that no logout falls between. Rejects with a Refusal.
 */
export async function openSession(check: TokenCheck, tokens: IssuedTokens, lasts: number, begunAt: number): Promise<Session> {
  const { accessToken, refreshToken, claims } = tokens
  const authenticated = await authenticate(check, accessToken)
  const { principal } = authenticated
  if (typeof claims.oid !== 'string' || claims.oid.toLowerCase() !== principal.objectId) {
    throw new Refusal('unauthenticated', 'The tokens of Microsoft Entra ID name two different people: begin the login again.')
  }
  return {
    id: randomBytes(32).toString('base64url'),
    begunAt,
    issuerSession: isSessionId(claims.sid) ? claims.sid : null,
    // Every ID token has it.
    subject: String(claims.sub),
    authenticated: forSession(check.config, authenticated),
    person: nameOf(claims, principal),
    endsAt: Math.floor(begunAt / 1_000) + lasts,
    refreshToken,
  }
}

/** The same session with renewed tokens. Rejects with a Refusal. */
export async function renewSession(check: TokenCheck, session: Session, tokens: IssuedTokens): Promise<Session> {
  const authenticated = await authenticate(check, tokens.accessToken)
  if (authenticated.principal.objectId !== session.authenticated.principal.objectId)
    throw refuseSession('Your login was renewed for somebody else')
  return { ...session, authenticated: forSession(check.config, authenticated), refreshToken: tokens.refreshToken }
}
