import { hash } from 'node:crypto'
import { type CryptoKey, compactVerify, errors } from 'jose'
import { LRUCache } from 'lru-cache'
import { type Authenticated, checkValidity, type Expectation, readPrincipal } from '../../policy/identity/claims.ts'
import { Refusal } from '../../policy/reasons.ts'
import { readBearerToken, readKeyId, readTokenJson } from './compact-token.ts'
import { refuseDatabricksToken } from './databricks-token.ts'
import type { KeySource } from './key-source.ts'

/** Identifies the caller. */
export interface Authenticator {
  /**
   * Takes the values of every Authorization header of a request.
   * Rejects with Refusal 'unauthenticated', or 'upstream-unavailable' while no key of the issuer is known.
   */
  authenticate(authorization: readonly string[]): Promise<Authenticated>
}

/** The expected tenant and audiences, the issuer's keys, and the wall clock in milliseconds. */
export interface AuthenticatorOptions {
  readonly entra: Expectation
  readonly keys: Pick<KeySource, 'ready' | 'current' | 'find'>
  readonly now?: () => number
}

interface Verdict {
  readonly authenticated: Authenticated
  readonly keyId: string
  readonly key: CryptoKey
}

/** Makes an authenticator that remembers the claims of verified tokens (never a decision) while they and their key are valid. */
export function createAuthenticator({ entra, keys, now = Date.now }: AuthenticatorOptions): Authenticator {
  const verdicts = new LRUCache<string, Verdict>({ max: 10_000, maxSize: 16 * 1024 * 1024 })

  async function verify(token: string): Promise<Verdict> {
    refuseDatabricksToken(token)
    const keyId = readKeyId(token)
    const key = keys.current(keyId) ?? (await keys.find(keyId))
    if (key === undefined) return refuseKey(keys.ready)
    const claims = readTokenJson(await readSigned(token, key))
    return { authenticated: readPrincipal(claims, entra, now() / 1000), keyId, key }
  }

  async function authenticate(authorization: readonly string[]): Promise<Authenticated> {
    const token = readBearerToken(authorization)
    // The whole token including its signature: another spelling is another entry, which exists only after verification.
    const fingerprint = hash('sha256', token)
    const known = verdicts.get(fingerprint)
    if (known !== undefined && keys.current(known.keyId) === known.key) {
      checkValidity(known.authenticated.validity, now() / 1000)
      return known.authenticated
    }
    const verdict = await verify(token)
    verdicts.set(fingerprint, verdict, { size: token.length })
    return verdict.authenticated
  }

  return { authenticate }
}

async function readSigned(token: string, key: CryptoKey): Promise<Uint8Array> {
  try {
    return (await compactVerify(token, key, { algorithms: ['RS256'] })).payload
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      throw new Refusal(
        'unauthenticated',
        "The token's signature is not valid: send the access token exactly as Microsoft Entra ID issued it.",
      )
    }
    if (!(error instanceof errors.JOSEError)) throw error
    throw new Refusal('unauthenticated', 'The token is not a signed access token: send one from Microsoft Entra ID.')
  }
}

function refuseKey(ready: boolean): never {
  if (ready) {
    throw new Refusal(
      'unauthenticated',
      "The token's signature cannot be verified: the issuer has no key with the token's key id.",
    )
  }
  throw new Refusal(
    'upstream-unavailable',
    'The keys of Microsoft Entra ID have not been read yet, so no token can be verified: try again shortly.',
  )
}
