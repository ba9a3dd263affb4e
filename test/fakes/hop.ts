import { once } from 'node:events'
import { createServer, request as forward } from 'node:http'
import { listen } from '../harness/listen.ts'

/** One request that reached the upstream. */
export interface Heard {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly body: string
}

/** A hop in front of a server that passes everything on and records it. */
export interface Hop {
  readonly url: string
  /** The requests received since the last call. */
  take(): Heard[]
  close(): Promise<void>
}

/** Starts a hop in front of `upstream` on a free port of this machine, which adds `more` headers: a token, for tools that can send none. */
export async function startHop(upstream: string, more: Readonly<Record<string, string>> = {}): Promise<Hop> {
  let heard: Heard[] = []
  const { hostname, port } = new URL(upstream)
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      const { method = '', url: path = '', headers, rawHeaders } = request
      const body = Buffer.concat(chunks)
      heard.push({ method, target: path, rawHeaders, body: body.toString('latin1') })
      const { 'transfer-encoding': _, ...kept } = headers
      const length = body.length > 0 || headers['content-length'] !== undefined ? { 'content-length': body.length } : {}
      const onward = forward(
        { hostname, port, path, method, headers: { ...kept, ...length, ...more }, agent: false },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(response)
        },
      )
      onward.on('error', () => response.destroy())
      onward.end(body)
    })
  })
  const own = await listen(server)
  return {
    url: `http://127.0.0.1:${own}`,
    take() {
      const taken = heard
      heard = []
      return taken
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
