import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { decodeUtf8, parseJson } from '../../policy/messages/json/json-text.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Algorithm } from './key-place.ts'

const largestHeader = 16 * 1024
const limits = { maxDepth: 16, maxKeys: 1_000 }
/** Header parameters that name a key, change how a token is read, or belong to encryption; plain access tokens have none of them. */
const forbidden = ['jku', 'x5u', 'jwk', 'x5c', 'crit', 'b64', 'zip', 'enc']

/** The token in the values of all Authorization headers of a request. Throws Refusal 'unauthenticated'. */
export function readBearerToken(values: readonly string[]): string {
  const [value, ...others] = values
  if (value === undefined || value === '') {
    return refuse('The request has no access token: set MLFLOW_TRACKING_TOKEN to an access token.')
  }
  if (others.length > 0) return refuse('The request has several Authorization headers: send one access token.')
  if (value.length > largestHeader)
    return refuse('The Authorization header is larger than 16 KiB: send an access token exactly as it was issued.')
  // RFC 9110, 11.4: a scheme, one or more spaces, and its credentials.
  const parts = value.split(' ')
  const token = parts.at(-1) ?? ''
  const said = (parts[0] ?? '').toLowerCase()
  if (said === 'dpop' || said === 'pop') {
    return refuse(
      `The request has a token that is bound to a key (the scheme ${said === 'pop' ? 'PoP' : 'DPoP'}), which is not served: request a plain bearer token, and set MLFLOW_TRACKING_TOKEN to it.`,
    )
  }
  if (said === 'basic') {
    return refuse(
      'The request has a user name and password, which are not accepted: unset MLFLOW_TRACKING_USERNAME and ' +
        'MLFLOW_TRACKING_PASSWORD, and set MLFLOW_TRACKING_TOKEN to an access token.',
    )
  }
  if (said !== 'bearer' || token === '' || parts.slice(1, -1).some((part) => part !== '') || parts.length < 2) {
    return refuse('The Authorization header must be "Bearer" and one token: set MLFLOW_TRACKING_TOKEN to an access token.')
  }
  return token
}

/**
 * The key id of a compact token, signed with one of the algorithms, that can be read in only one way; its signature is not verified here.
 * Throws Refusal 'unauthenticated'.
 */
export function readKeyId(token: string, algorithms: readonly Algorithm[]): string {
  const parts = token.split('.')
  if (parts.length === 5) return refuse('The token is encrypted: send a signed access token.')
  const [protectedHeader, payload, signature] = parts
  if (parts.length !== 3 || !isCanonical(protectedHeader) || !isCanonical(payload) || !isCanonical(signature)) {
    return refuse('The token is not a JSON Web Token: set MLFLOW_TRACKING_TOKEN to an access token.')
  }
  const header = readTokenJson(Buffer.from(protectedHeader, 'base64url'))
  if (!(header instanceof Map))
    return refuse('The header of the token is not a JSON object: send an access token exactly as it was issued.')
  return checkHeader(header, algorithms)
}

/** The JSON in a part of a token. Throws Refusal 'unauthenticated' if two parsers could read it differently. */
export function readTokenJson(bytes: Uint8Array): Json {
  try {
    return parseJson(decodeUtf8(bytes), limits)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return refuse('The JSON in the token is ambiguous: send an access token exactly as it was issued.')
  }
}

function checkHeader(header: JsonObject, algorithms: readonly Algorithm[]): string {
  if (!algorithms.some((algorithm) => algorithm === header.get('alg')))
    refuse(`The token is not signed with ${algorithms.join(' or ')}: send an access token of the configured issuer.`)
  if (forbidden.some((name) => header.has(name))) {
    refuse('The header of the token has unsupported parameters: send the access token exactly as it was issued.')
  }
  const type = header.has('typ') ? header.get('typ') : 'JWT'
  if (typeof type !== 'string' || !/^(?:at\+)?jwt$/i.test(type)) refuse('The type of the token is not JWT: send an access token.')
  const id = header.get('kid')
  if (typeof id !== 'string' || id === '')
    return refuse('The token does not say which key signed it: send an access token exactly as it was issued.')
  return id
}

// Other spellings of the same bytes (padding, spare bits in the last character, the plain base64 alphabet) are refused.
function isCanonical(part: string | undefined): part is string {
  return part !== undefined && part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part
}

function refuse(sentence: string): never {
  throw new Refusal('unauthenticated', sentence)
}
