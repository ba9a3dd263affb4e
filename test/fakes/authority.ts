import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { listen } from '../harness/listen.ts'
import type { TestIssuer } from './issuer.ts'

/** A form that was sent to the token endpoint. */
export type TokenRequest = Readonly<Record<string, string>>

/** An authority with the issuer's keys and a token endpoint for service principals. */
export interface Authority {
  readonly url: string
  readonly asked: TokenRequest[]
  close(): Promise<void>
}

/** `grant` makes the answer to one form: a token and its seconds, or null for a wrong secret. */
export async function startAuthority(
  issuer: TestIssuer,
  grant: (form: TokenRequest) => Promise<{ token: string; seconds: number } | null>,
): Promise<Authority> {
  const asked: TokenRequest[] = []
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.url === `/${issuer.tenantId}/discovery/v2.0/keys`) return void response.end(JSON.stringify(issuer.keySet()))
    if (request.url !== `/${issuer.tenantId}/oauth2/v2.0/token`) return void response.writeHead(404).end('{}')
    const form = Object.fromEntries(new URLSearchParams(await text(request)))
    asked.push(form)
    const granted = await grant(form)
    if (granted === null) {
      return void response.writeHead(401).end(JSON.stringify({ error: 'invalid_client', error_codes: [7000215] }))
    }
    response.end(JSON.stringify({ token_type: 'Bearer', expires_in: granted.seconds, access_token: granted.token }))
  })
  server
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
