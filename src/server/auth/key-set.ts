import { type CryptoKey, importJWK } from 'jose'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { parseJson } from '../../policy/messages/json/json-text.ts'
import type { Algorithm, KeyPlace } from './key-place.ts'

/** A public key of the issuer; two keys with equal `material` are the same. */
export interface SigningKey {
  readonly key: CryptoKey
  readonly material: string
}

/** The public numbers of a key, and nothing else that its issuer wrote beside them. */
type PublicPart = { readonly alg: Algorithm; readonly material: string } & Readonly<Record<string, string>>

const base64url = /^[A-Za-z0-9_-]{1,1400}$/
const limits = { maxDepth: 16, maxKeys: 10_000 }

/**
 * Imports the keys of a JWKS text by their ids that sign with an algorithm of the place, reusing those of `known` that have not changed.
 * Throws if the text is not a key set or contains no usable key: such an answer must not replace a good one.
 */
export async function readKeySet(
  text: string,
  place: Pick<KeyPlace, 'isOwn' | 'algorithms'>,
  known: ReadonlyMap<string, SigningKey>,
): Promise<ReadonlyMap<string, SigningKey>> {
  const document = parseJson(text, limits)
  const entries = document instanceof Map ? document.get('keys') : undefined
  if (!Array.isArray(entries)) throw new Error('the answer is not a key set')
  const keys = new Map<string, SigningKey>()
  for (const [id, part] of collectParts(entries, place)) {
    const { material } = part
    const old = known.get(id)
    const key = old?.material === material ? old.key : await importPublicKey(part)
    if (key !== undefined) keys.set(id, { key, material })
  }
  if (keys.size === 0) throw new Error(`the key set has no usable ${place.algorithms.join(' or ')} key`)
  return keys
}

async function importPublicKey({ material: _, ...jwk }: PublicPart): Promise<CryptoKey | undefined> {
  const key = await importJWK(jwk).catch(() => undefined)
  return key instanceof Uint8Array ? undefined : key
}

// Two different keys with one id are ambiguous, so neither is used.
function collectParts(
  entries: readonly Json[],
  { isOwn, algorithms }: Pick<KeyPlace, 'isOwn' | 'algorithms'>,
): Map<string, PublicPart> {
  const parts = new Map<string, PublicPart>()
  const ambiguous = new Set<string>()
  for (const entry of entries) {
    if (!(entry instanceof Map) || !isSigningKey(entry)) continue
    const [id, issuer] = [entry.get('kid'), entry.get('issuer')]
    if (issuer !== undefined && (typeof issuer !== 'string' || !isOwn(issuer))) continue
    const part = readPublicPart(entry)
    if (typeof id !== 'string' || id === '' || part === undefined || !algorithms.includes(part.alg)) continue
    const other = parts.get(id)
    if (other !== undefined && other.material !== part.material) ambiguous.add(id)
    parts.set(id, part)
  }
  for (const id of ambiguous) parts.delete(id)
  return parts
}

function isSigningKey(entry: JsonObject): boolean {
  const operations = entry.get('key_ops') ?? ['verify']
  return (entry.get('use') ?? 'sig') === 'sig' && Array.isArray(operations) && operations.includes('verify')
}

function readPublicPart(entry: JsonObject): PublicPart | undefined {
  const [kty, alg] = [entry.get('kty'), entry.get('alg')]
  if (kty === 'RSA' && (alg ?? 'RS256') === 'RS256') return readRsa(entry)
  return kty === 'EC' && (alg ?? 'ES256') === 'ES256' ? readCurve(entry) : undefined
}

// Only the public numbers are used: a modulus of 2048 to 8192 bits, an odd exponent from 65537 to 32 bits.
function readRsa(entry: JsonObject): PublicPart | undefined {
  const [n, e] = [entry.get('n'), entry.get('e')]
  if (typeof n !== 'string' || typeof e !== 'string' || !base64url.test(n) || !base64url.test(e)) return undefined
  const bits = readNumber(n).toString(2).length
  const exponent = readNumber(e)
  const usual = exponent >= 65537n && exponent < 2n ** 32n && exponent % 2n === 1n
  return bits >= 2048 && bits <= 8192 && usual ? { alg: 'RS256', kty: 'RSA', n, e, material: `${n}.${e}` } : undefined
}

// A point of P-256; whether it lies on the curve is seen when it is imported.
function readCurve(entry: JsonObject): PublicPart | undefined {
  const [x, y] = [entry.get('x'), entry.get('y')]
  if (entry.get('crv') !== 'P-256' || typeof x !== 'string' || typeof y !== 'string') return undefined
  const coordinate = /^[A-Za-z0-9_-]{43}$/
  if (!coordinate.test(x) || !coordinate.test(y)) return undefined
  return { alg: 'ES256', kty: 'EC', crv: 'P-256', x, y, material: `${x}.${y}` }
}

function readNumber(text: string): bigint {
  return BigInt(`0x0${Buffer.from(text, 'base64url').toString('hex')}`)
}
