import t from 'tap'
import { startIssuer } from '../support/issuer.ts'
import { startMlflow } from '../support/mlflow-server.ts'
import { startProxy } from '../support/proxy.ts'
import { runPythonClient } from '../support/python-client.ts'
import { startTokenHop } from '../support/token-hop.ts'
import { makeTokens, report } from './client-stories.ts'

/** Unmodified Python clients that are no full MLflow; `client` is the version of MLflow's client inside. */
const clients = [
  { environment: 'skinny', script: 'skinny.py', client: '3.17.2', server: '3.17.2' },
  { environment: 'tracing', script: 'tracing.py', client: '3.17.2', server: '3.17.2' },
  { environment: 'export-import', script: 'export_import.py', client: '2.22.4', server: '2.22.4' },
] as const

const issuer = await startIssuer()
const tokens = await makeTokens(issuer.token)
t.teardown(() => issuer.close())

for (const { environment, script, client, server } of clients) {
  await t.test(`${environment} and server ${server}`, async (t) => {
    const upstream = await startMlflow({ version: server })
    t.teardown(() => upstream.close())
    const proxy = await startProxy({ upstream: upstream.url, issuer })
    t.teardown(() => proxy.close())
    const hop = await startTokenHop(proxy.url, tokens.both ?? '')
    t.teardown(() => hop.close())
    const context = { serverVersion: server, upstream: upstream.url, tokens, tokenHop: hop.url }
    report(t, await runPythonClient({ version: client, environment, script, uri: proxy.url, context }))
  })
}
