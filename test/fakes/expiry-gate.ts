import { once } from 'node:events'
import { createServer, request as forward } from 'node:http'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import { listen } from '../harness/listen.ts'

/** Seconds for which a token is still good after its end, as verifiers allow for clocks: less than Entra and MLflow's servers do. */
const leeway = 5

/** A hop that notes every token that has expired. */
export interface ExpiryGate {
  readonly url: string
  /** The different tokens that came. */
  readonly tokens: ReadonlySet<string>
  /** What came with a token that had expired, or broke off. */
  readonly failed: readonly string[]
  close(): Promise<void>
}

/** Lets `rate` bytes through in a second. */
const slowly = (rate: number) =>
  new Transform({
    async transform(chunk: Buffer, _encoding, done) {
      await pause((chunk.length / rate) * 1_000)
      done(null, chunk)
    },
  })

/** Starts one in front of `upstream`. `rate`: bytes in a second that it lets through of every file that is sent. */
export async function startExpiryGate(upstream: string, rate: number): Promise<ExpiryGate> {
  const tokens = new Set<string>()
  const failed: string[] = []
  const { hostname, port } = new URL(upstream)
  const server = createServer(async (message, response) => {
    const { method = '', url: path = '', headers } = message
    const token = headers.authorization?.replace('Bearer ', '') ?? ''
    const { exp = 0 } = token === '' ? {} : decodeJwt(token)
    // What the proxy asks for itself has no caller, and so no token.
    if (token !== '') tokens.add(token)
    if (token !== '' && exp + leeway <= Date.now() / 1_000) failed.push(`${method} ${path} with a token that has expired`)
    const onward = forward({ hostname, port, path, method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      pipeline(answer, response).catch(() => failed.push(`${method} ${path} broke off`))
    })
    const sent = method === 'PUT' ? pipeline(message, slowly(rate), onward) : pipeline(message, onward)
    await sent.catch((error) => {
      failed.push(`${method} ${path} ${String(error)}`)
      response.destroy()
    })
  })
  const own = await listen(server)
  return {
    url: `http://127.0.0.1:${own}`,
    tokens,
    failed,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
