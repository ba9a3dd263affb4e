import type { Authenticated } from '../../src/policy/identity/claims.ts'
import { type AuthenticatorOptions, createAuthenticator } from '../../src/server/auth/authenticate.ts'

/** A new authenticator's function, of which every refusal is a rejection. */
export function authenticateWith(options: AuthenticatorOptions): (authorization: readonly string[]) => Promise<Authenticated> {
  const authenticator = createAuthenticator(options)
  return async (authorization) => authenticator.authenticate(authorization)
}
