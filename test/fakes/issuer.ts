import { type JsonWebKey, KeyObject, sign } from 'node:crypto'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { generateKeyPair } from 'jose'
import { listen } from '../harness/listen.ts'

/** How the issuer answers for its keys: well, never, by dropping the connection, or with this. */
export type Answer = 'keys' | 'hang' | 'drop' | { status?: number; headers?: Record<string, string>; body: string }

/** How a token differs from an honest one: header members (`undefined` removes one) and the signature of its first two parts. */
export interface TokenOptions {
  header?: Record<string, unknown>
  sign?: (input: string) => Buffer
}

/** A local issuer that looks like Microsoft Entra ID: keys over HTTP and a mint of access tokens. */
export interface TestIssuer {
  readonly authority: string
  readonly tenantId: string
  readonly audience: string
  /** How often the keys have been asked for. */
  readonly reads: () => number
  /** The published key set. */
  readonly keySet: () => { keys: JsonWebKey[] }
  /** The current private key. */
  readonly key: () => KeyObject
  /** An application's token, good for an hour; `claims` replace members (`undefined` removes one), a string replaces the payload. */
  readonly token: (claims?: Record<string, unknown> | string, options?: TokenOptions) => Promise<string>
  /** Replaces the key by a new one under a new id; the old one is no longer published. */
  readonly rotate: () => Promise<void>
  readonly setAnswer: (answer: Answer) => void
  /** Serves every other address, which are not found before. */
  readonly serve: (listener: RequestListener) => void
  readonly close: () => Promise<void>
}

export const tenantId = '11111111-2222-3333-4444-555555555555'
export const audience = 'api://mlflow-env-proxy'
export const objectId = '00000000-0000-4000-8000-0123456789ab'

/** The claims of an application in `apps_acc`, issued now (seconds since 1970) and good for an hour. */
export function makeClaims(authority: string, now: number): Record<string, unknown> {
  const iss = `${authority}/${tenantId}/v2.0`
  const app = { oid: objectId, sub: objectId, azp: objectId, appid: objectId, idtyp: 'app' }
  return { iss, aud: audience, tid: tenantId, ver: '2.0', ...app, iat: now, nbf: now, exp: now + 3600, roles: ['apps_acc'] }
}

/** Starts an issuer on a free port of this machine. */
export async function startIssuer(): Promise<TestIssuer> {
  let answer: Answer = 'keys'
  let reads = 0
  let pair = await makeKey(1)
  let others: RequestListener = (_request, response) => void response.writeHead(404).end('{}')
  const keySet = () => ({ keys: [pair.jwk] })
  const server = createServer((request, response) => {
    if (request.url !== `/${tenantId}/discovery/v2.0/keys`) return void others(request, response)
    reads += 1
    give(response, answer === 'keys' ? { body: JSON.stringify(keySet()) } : answer)
  })
  const port = await listen(server)
  const authority = `http://127.0.0.1:${port}`

  async function token(claims: Record<string, unknown> | string = {}, options: TokenOptions = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const payload = typeof claims === 'string' ? claims : JSON.stringify({ ...makeClaims(authority, now), ...claims })
    const header = { typ: 'JWT', alg: 'RS256', kid: pair.jwk.kid, ...options.header }
    const input = `${encode(JSON.stringify(header))}.${encode(payload)}`
    const signature = options.sign?.(input) ?? sign('sha256', Buffer.from(input), pair.key)
    return `${input}.${signature.toString('base64url')}`
  }

  let generation = 1
  return {
    authority,
    tenantId,
    audience,
    reads: () => reads,
    keySet,
    key: () => pair.key,
    token,
    rotate: async () => {
      generation += 1
      pair = await makeKey(generation)
    },
    setAnswer: (next) => {
      answer = next
    },
    serve: (listener) => {
      others = listener
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function makeKey(generation: number): Promise<{ key: KeyObject; jwk: JsonWebKey & { kid: string } }> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = KeyObject.from(publicKey).export({ format: 'jwk' })
  return { key: KeyObject.from(privateKey), jwk: { ...jwk, kid: `key-${generation}`, use: 'sig', alg: 'RS256' } }
}

function give(response: ServerResponse, answer: Exclude<Answer, 'keys'>): void {
  if (answer === 'hang') return
  if (answer === 'drop') return void response.destroy()
  response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers }).end(answer.body)
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}
