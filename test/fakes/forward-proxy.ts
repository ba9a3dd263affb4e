import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { listen } from '../harness/listen.ts'

/** A forward proxy that resolves every name to this machine, and notes what it was asked. */
export interface ForwardProxy {
  readonly url: string
  /** `CONNECT host:port` of tunnels, `GET http://host…` of plain requests. */
  readonly asked: string[]
  close(): Promise<void>
}

/** Starts one; `password` is that of user `corp`, without which it answers 407. */
export async function startForwardProxy(password?: string): Promise<ForwardProxy> {
  const asked: string[] = []
  const wanted = password === undefined ? undefined : `Basic ${Buffer.from(`corp:${password}`).toString('base64')}`
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url?.split('?')[0]}`)
    if (wanted !== undefined && incoming.headers['proxy-authorization'] !== wanted) return void outgoing.writeHead(407).end()
    const { port, pathname, search } = new URL(incoming.url ?? '')
    const options = { host: '127.0.0.1', port, path: pathname + search, method: incoming.method, headers: incoming.headers }
    const forwarded = request(options, (answer) => answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers)))
    forwarded.on('error', () => outgoing.writeHead(502).end())
    incoming.pipe(forwarded)
  })
  server.on('connect', (incoming, socket) => {
    asked.push(`CONNECT ${incoming.url}`)
    socket.on('error', () => undefined)
    if (wanted !== undefined && incoming.headers['proxy-authorization'] !== wanted)
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n')
    const to = connect(Number(incoming.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      to.pipe(socket).pipe(to)
    })
    to.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'))
  })
  server
  const port = await listen(server)
  return {
    url: `http://${password === undefined ? '' : `corp:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    asked,
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
