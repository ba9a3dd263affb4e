import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { stringify } from 'yaml'
import { buildApps } from '../../src/server/app.ts'
import { createAuthenticator } from '../../src/server/authenticate.ts'
import { loadConfig } from '../../src/server/config.ts'
import { KeySource } from '../../src/server/key-source.ts'
import { createLog } from '../../src/server/log.ts'
import { Metrics } from '../../src/server/metrics.ts'
import { PageTokens } from '../../src/server/page-tokens.ts'
import { Upstream } from '../../src/server/upstream.ts'
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
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the authority has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The proxy's public side in this process, before a workspace. */
export interface DatabricksApp {
  readonly url: string
  /** The port for clients in Databricks mode, where the configuration has one. */
  readonly databricksHost: string | null
  logs(): string
  close(): Promise<void>
}

/** `files` are written beside the configuration, which may name them by relative paths. */
export async function startDatabricksApp(content: object, files: Readonly<Record<string, string>> = {}): Promise<DatabricksApp> {
  const folder = mkdtempSync(join(tmpdir(), 'databricks-'))
  for (const [name, value] of Object.entries(files)) writeFileSync(join(folder, name), value)
  writeFileSync(join(folder, 'proxy.yaml'), stringify(content))
  const config = loadConfig(join(folder, 'proxy.yaml'), {})
  let lines = ''
  const write = (line: string) => {
    lines += line
  }
  const log = createLog('debug', { write })
  const { entra } = config.authentication
  const keys = new KeySource({ entra })
  await keys.refresh()
  const upstream = new Upstream(config.upstream, log)
  const authenticator = createAuthenticator({ entra, keys })
  const tokens = new PageTokens(randomBytes(32))
  const apps = buildApps({ config, log, authenticator, upstream, tokens, metrics: new Metrics() })
  const listening = [apps.listen, ...(apps.databricksHost === null ? [] : [apps.databricksHost])]
  const [url = '', databricksHost = null] = await Promise.all(listening.map((app) => app.listen({ host: '127.0.0.1', port: 0 })))
  return {
    url,
    databricksHost,
    logs: () => lines,
    close: async () => {
      for (const app of listening) app.server.closeAllConnections()
      await apps.close()
      await Promise.all([upstream.close(), keys.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
