import { hash } from 'node:crypto'
import { type CryptoKey, compactVerify, errors } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Authenticated } from '../../policy/identity/claims.ts'
import { checkValidity } from '../../policy/identity/validity.ts'
import { Refusal } from '../../policy/reasons.ts'
import { readBearerToken, readKeyId, readTokenJson } from './compact-token.ts'
import { isPersonalToken, namedIssuer, refuseDatabricksToken } from './databricks-token.ts'
import type { Issuer } from './issuer.ts'
import type { Algorithm } from './key-place.ts'

/** Identifies the caller. */
export interface Authenticator {
  /**
   * Takes the values of every Authorization header of a request; answers at once if the token was verified before.
   * Throws, or rejects with, Refusal 'unauthenticated', or 'issuer-unavailable' while no key of the issuer is known.
   */
  authenticate(authorization: readonly string[]): Authenticated | Promise<Authenticated>
}

export interface AuthenticatorOptions {
  readonly issuers: readonly Issuer[]
  /** Asks a Databricks workspace who holds a personal access token; left out: such tokens are refused. */
  readonly personal?: (token: string) => Promise<Authenticated>
  /** Hears whether a token was known. */
  readonly noteCache?: ((cache: 'tokens', hit: boolean) => void) | undefined
  /** The wall clock in milliseconds. */
  readonly now?: () => number
}

interface Verdict {
  readonly authenticated: Authenticated
  readonly issuer: Issuer
  readonly keyId: string
  readonly key: CryptoKey
}

/** Makes an authenticator that remembers the claims of verified tokens (never a decision) while they and their key are valid. */
export function createAuthenticator({ issuers, personal, noteCache, now = Date.now }: AuthenticatorOptions): Authenticator {
  const verdicts = new LRUCache<string, Verdict>({ max: 10_000, maxSize: 16 * 1024 * 1024 })

  function recall(fingerprint: string): Verdict | null {
    const known = verdicts.get(fingerprint)
    if (known === undefined || known.issuer.keys.current(known.keyId) !== known.key) return null
    noteCache?.('tokens', true)
    checkValidity(known.authenticated.validity, now() / 1000)
    return known
  }

  async function authenticateNew(token: string, fingerprint: string): Promise<Authenticated> {
    noteCache?.('tokens', false)
    const verdict = await verify(token, issuers, now)
    verdicts.set(fingerprint, verdict, { size: token.length })
    return confirm(token, verdict)
  }

  return {
    authenticate(authorization) {
      const token = readBearerToken(authorization)
      if (personal !== undefined && isPersonalToken(token)) return personal(token)
      const fingerprint = fingerprintOf(token)
      const known = recall(fingerprint)
      return known === null ? authenticateNew(token, fingerprint) : confirm(token, known)
    },
  }
}

const confirm = (token: string, { issuer, authenticated }: Verdict) => issuer.confirm?.(token, authenticated) ?? authenticated

async function verify(token: string, issuers: readonly Issuer[], now: () => number): Promise<Verdict> {
  const issuer = issuerOf(token, issuers)
  const keyId = readKeyId(token, issuer.algorithms)
  const { keys } = issuer
  const key = keys.current(keyId) ?? (await keys.find(keyId))
  if (key === undefined) return refuseKey(issuer)
  const claims = readTokenJson(await readSigned(token, key))
  return { authenticated: issuer.read(claims, now() / 1000), issuer, keyId, key }
}

/** Of the whole token including its signature: another spelling is another entry, which exists only after verification. */
const fingerprintOf = (token: string) => hash('sha256', token)

/**
 * The configured issuer that a token says it is from. It only chooses whose keys and rules the token has to satisfy: a token that names
 * another issuer than the one that signed it satisfies none.
 */
function issuerOf(token: string, issuers: readonly Issuer[]): Issuer {
  const [first, ...others] = issuers
  const said = namedIssuer(token)
  const issuer = issuers.find(({ addresses }) => addresses.includes(said))
  if (issuer !== undefined) return issuer
  refuseDatabricksToken(token)
  // A single issuer's own rules say best what is wrong.
  if (first !== undefined && others.length === 0) return first
  throw new Refusal(
    'unauthenticated',
    `The token is from an issuer that this proxy does not accept: send an access token from ${issuers.map(({ name }) => name).join(' or ')}.`,
  )
}

/** The one algorithm that a key is for: what the token says of itself does not choose it. */
function algorithmOf({ algorithm }: CryptoKey): Algorithm {
  return algorithm.name === 'ECDSA' ? 'ES256' : 'RS256'
}

async function readSigned(token: string, key: CryptoKey): Promise<Uint8Array> {
  try {
    return (await compactVerify(token, key, { algorithms: [algorithmOf(key)] })).payload
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      throw new Refusal('unauthenticated', "The token's signature is not valid: send the access token exactly as it was issued.")
    }
    if (!(error instanceof errors.JOSEError)) throw error
    throw new Refusal('unauthenticated', 'The token is not a signed access token: send one exactly as it was issued.')
  }
}

function refuseKey({ keys, name }: Issuer): never {
  if (keys.ready) {
    throw new Refusal(
      'unauthenticated',
      "The token's signature cannot be verified: the issuer has no key with the token's key id.",
    )
  }
  throw new Refusal(
    'issuer-unavailable',
    `The keys of ${name} have not been read yet, so no token can be verified: try again shortly.`,
  )
}
