import { constants, createHmac, createPublicKey, sign } from 'node:crypto'
import type { TestIssuer, TokenOptions } from './issuer.ts'

/** What is wrong with a token, how to mint it, and what the refusal says. */
export type Forgery = [name: string, options: TokenOptions, message: RegExp]

/** Tokens with an honest payload whose header or signature is not; `stranger` is an issuer that nobody trusts. */
export function listForgeries(issuer: TestIssuer, stranger: TestIssuer): Forgery[] {
  const unsigned = () => Buffer.alloc(0)
  const hmac = (secret: string | Buffer) => (input: string) => createHmac('sha256', secret).update(input).digest()
  const pem = createPublicKey(issuer.key()).export({ type: 'spki', format: 'pem' })
  const der = createPublicKey(issuer.key()).export({ type: 'spki', format: 'der' })
  const pss = (input: string) =>
    sign('sha256', Buffer.from(input), { key: issuer.key(), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
  const withHash = (hash: string) => (input: string) => sign(hash, Buffer.from(input), issuer.key())
  const own = stranger.keySet().keys[0]

  return [
    ...['none', 'None', 'NONE', 'nOnE', ''].map(
      (alg): Forgery => [`algorithm "${alg}" and no signature`, { header: { alg }, sign: unsigned }, /JSON Web Token/],
    ),
    ['algorithm none, signed all the same', { header: { alg: 'none' } }, /RS256/],
    ['no algorithm', { header: { alg: undefined } }, /RS256/],
    ['a list of algorithms', { header: { alg: ['RS256'] } }, /RS256/],
    ['HMAC with the public key as PEM', { header: { alg: 'HS256' }, sign: hmac(String(pem)) }, /RS256/],
    ['HMAC with the public key as DER', { header: { alg: 'HS256' }, sign: hmac(der) }, /RS256/],
    ['HMAC that calls itself RS256', { sign: hmac(String(pem)) }, /signature/],
    ['PS256 with the right key', { header: { alg: 'PS256' }, sign: pss }, /RS256/],
    ['PS256 that calls itself RS256', { sign: pss }, /signature/],
    ['RS512 with the right key', { header: { alg: 'RS512' }, sign: withHash('sha512') }, /RS256/],
    ['RS384 that calls itself RS256', { sign: withHash('sha384') }, /signature/],
    ['a signature of zeros', { sign: () => Buffer.alloc(256) }, /signature/],
    ['a short signature', { sign: () => Buffer.alloc(16, 7) }, /signature/],
    [
      'a long signature',
      { sign: (input) => Buffer.concat([sign('sha256', Buffer.from(input), issuer.key()), Buffer.alloc(1)]) },
      /signature/,
    ],
    ["a stranger's key under a known id", { sign: (input) => sign('sha256', Buffer.from(input), stranger.key()) }, /signature/],
    ['no key id', { header: { kid: undefined } }, /name the key/],
    ['an empty key id', { header: { kid: '' } }, /name the key/],
    ['a key id that is a number', { header: { kid: 1 } }, /name the key/],
    ['a key id that is a list', { header: { kid: ['key-1'] } }, /name the key/],
    ...['__proto__', 'constructor', '../../key-1', "' OR 1=1", 'KEY-1', 'key-1\u0000'].map(
      (kid): Forgery => [`the key id ${JSON.stringify(kid)}`, { header: { kid } }, /no key of the id/],
    ),
    [
      'a key in the header',
      { header: { jwk: own }, sign: (input) => sign('sha256', Buffer.from(input), stranger.key()) },
      /special/,
    ],
    [
      'the address of a key set',
      { header: { jku: `${stranger.authority}/${stranger.tenantId}/discovery/v2.0/keys` } },
      /special/,
    ],
    ['the address of a certificate', { header: { x5u: stranger.authority } }, /special/],
    ['a certificate', { header: { x5c: ['MIIB'] } }, /special/],
    ['a critical extension', { header: { crit: ['exp'] } }, /special/],
    ['no critical extensions', { header: { crit: [] } }, /special/],
    ['an unencoded payload', { header: { b64: false, crit: ['b64'] } }, /special/],
    ['b64 true', { header: { b64: true } }, /special/],
    ['compression', { header: { zip: 'DEF' } }, /special/],
    ['another type', { header: { typ: 'dpop+jwt' } }, /type/],
    ['a type that is null', { header: { typ: null } }, /type/],
  ]
}
