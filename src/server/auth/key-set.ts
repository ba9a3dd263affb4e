import { type CryptoKey, importJWK } from 'jose'
import { type Expectation, readIssuers } from '../../policy/identity/claims.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { parseJson } from '../../policy/messages/json/json-text.ts'

/** A public key of the issuer; two keys with equal `material` are the same. */
export interface SigningKey {
  readonly key: CryptoKey
  readonly material: string
}

interface PublicPart {
  readonly n: string
  readonly e: string
}

const base64url = /^[A-Za-z0-9_-]{1,1400}$/
const limits = { maxDepth: 16, maxKeys: 10_000 }

/**
 * Imports the RS256 keys of a JWKS text by their ids, reusing those of `known` that have not changed.
 * Throws if the text is not a key set or contains no usable key: such an answer must not replace a good one.
 */
export async function readKeySet(
  text: string,
  entra: Expectation,
  known: ReadonlyMap<string, SigningKey>,
): Promise<ReadonlyMap<string, SigningKey>> {
  const document = parseJson(text, limits)
  const entries = document instanceof Map ? document.get('keys') : undefined
  if (!Array.isArray(entries)) throw new Error('the answer is no key set')
  const keys = new Map<string, SigningKey>()
  for (const [id, part] of collectParts(entries, entra)) {
    const material = `${part.n}.${part.e}`
    const old = known.get(id)
    const key = old?.material === material ? old.key : await importPublicKey(part)
    if (key !== undefined) keys.set(id, { key, material })
  }
  if (keys.size === 0) throw new Error('the key set has no usable RS256 key')
  return keys
}

async function importPublicKey({ n, e }: PublicPart): Promise<CryptoKey | undefined> {
  const key = await importJWK({ kty: 'RSA', alg: 'RS256', n, e }).catch(() => undefined)
  return key instanceof Uint8Array ? undefined : key
}

// Two different keys with one id are ambiguous, so neither is used.
function collectParts(entries: readonly Json[], entra: Expectation): Map<string, PublicPart> {
  const parts = new Map<string, PublicPart>()
  const ambiguous = new Set<string>()
  for (const entry of entries) {
    if (!(entry instanceof Map) || !isSigningKey(entry) || !isOfIssuer(entry, entra)) continue
    const id = entry.get('kid')
    const part = readPublicPart(entry)
    if (typeof id !== 'string' || id === '' || part === undefined) continue
    const other = parts.get(id)
    if (other !== undefined && (other.n !== part.n || other.e !== part.e)) ambiguous.add(id)
    parts.set(id, part)
  }
  for (const id of ambiguous) parts.delete(id)
  return parts
}

function isSigningKey(entry: JsonObject): boolean {
  const operations = entry.get('key_ops') ?? ['verify']
  return (
    entry.get('kty') === 'RSA' &&
    (entry.get('use') ?? 'sig') === 'sig' &&
    (entry.get('alg') ?? 'RS256') === 'RS256' &&
    Array.isArray(operations) &&
    operations.includes('verify')
  )
}

// Entra ID marks keys that are only for some tenants: `https://login.microsoftonline.com/{tenantid}/v2.0`.
function isOfIssuer(entry: JsonObject, entra: Expectation): boolean {
  const issuer = entry.get('issuer')
  if (issuer === undefined) return true
  if (typeof issuer !== 'string') return false
  return Object.values(readIssuers(entra)).includes(issuer.replace(/\{tenantid\}/i, entra.tenantId.toLowerCase()))
}

// Only the public numbers are used: a modulus of 2048 to 8192 bits, an odd exponent from 65537 to 32 bits.
function readPublicPart(entry: JsonObject): PublicPart | undefined {
  const [n, e] = [entry.get('n'), entry.get('e')]
  if (typeof n !== 'string' || typeof e !== 'string' || !base64url.test(n) || !base64url.test(e)) return undefined
  const bits = readNumber(n).toString(2).length
  const exponent = readNumber(e)
  const usual = exponent >= 65537n && exponent < 2n ** 32n && exponent % 2n === 1n
  return bits >= 2048 && bits <= 8192 && usual ? { n, e } : undefined
}

function readNumber(text: string): bigint {
  return BigInt(`0x0${Buffer.from(text, 'base64url').toString('hex')}`)
}
