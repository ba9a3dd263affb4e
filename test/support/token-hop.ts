import { once } from 'node:events'
import { createServer, request } from 'node:http'

/**
 * What stands between the proxy and a tool that can send no token (mlflow-export-import's own HTTP client, for plain tracking URIs):
 * it adds one, and passes everything else on as it is.
 */
export async function startTokenHop(proxyUrl: string, token: string): Promise<{ url: string; close(): Promise<void> }> {
  const { hostname, port } = new URL(proxyUrl)
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming
    const onward = request(
      { hostname, port, method, path: url, headers: { ...headers, authorization: `Bearer ${token}` } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the hop has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
