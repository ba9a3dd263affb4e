import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { listen } from '../harness/listen.ts'

/** An issuer that signs whatever a test says, with its own key. */
export interface Signer {
  /** As its tokens' `iss` says it. */
  readonly address: string
  readonly algorithm: 'RS256' | 'ES256'
  readonly kid: string
  /** As it is published. */
  readonly publicKey: JWK
  /** What an honest token of it says, issued now. */
  claims(): Record<string, unknown>
  /** An honest token, but for these claims (`undefined` takes one away) and members of the header. */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
}

/** A key with its public half, under an id of its own. */
export async function makeSigningKey(algorithm: Signer['algorithm'], kid: string) {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const said = { kid, alg: algorithm, use: 'sig' }
  return {
    privateKey,
    publicKey: { ...(await exportJWK(publicKey)), ...said },
    privateJwk: { ...(await exportJWK(privateKey)), ...said },
  }
}

/** Signs with that key in the name of an issuer whose honest tokens say `about`. */
export function makeSigner(
  address: string,
  algorithm: Signer['algorithm'],
  { privateKey, publicKey }: Awaited<ReturnType<typeof makeSigningKey>>,
  about: Record<string, unknown>,
): Signer {
  const { kid } = publicKey
  const claims = () => {
    const now = Math.floor(Date.now() / 1000)
    return { iss: address, iat: now, nbf: now, exp: now + 3600, ...about }
  }
  const token = (changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
    new SignJWT({ ...claims(), ...changes }).setProtectedHeader({ alg: algorithm, kid, typ: 'JWT', ...header }).sign(privateKey)
  return { address, algorithm, kid, publicKey, claims, token }
}

/** A server on a free port of this machine, with an address that is known before it answers. */
export async function listenLocally(answer: (address: string) => RequestListener | Promise<RequestListener>) {
  let handle: RequestListener = (_request, response) => void response.writeHead(503).end()
  const server = createServer((request, response) => handle(request, response))
  const port = await listen(server)
  const address = `http://127.0.0.1:${port}`
  handle = await answer(address)
  const close = async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return { address, close }
}

/** Answers with JSON. */
export function giveJson(response: ServerResponse, status: number, content: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content))
}

/** The token of a request; empty if there is none. */
export function bearerOf({ headers }: IncomingMessage): string {
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
}
