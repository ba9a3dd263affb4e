import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { serveTokens } from '../../fakes/token-endpoints.ts'
import { startInProcess } from '../../harness/app.ts'

const issuer = await startIssuer()
const endpoints = serveTokens(issuer, [
  { clientId: 'training', secret: 'hunter2', roles: ['apps_acc'] },
  { clientId: 'stranger', secret: 'hunter2', roles: [] },
])
const upstream = await startFakeUpstream()
t.teardown(() => Promise.all([issuer.close(), upstream.close()]))

async function start(clientId: string, own: object = {}) {
  const { tenantId, authority, audience } = issuer
  endpoints.fault = null
  endpoints.asked.length = 0
  return startInProcess(
    {
      upstream: { url: upstream.url, credentials: { mode: 'passthrough' } },
      authentication: {
        mode: 'sidecar',
        identity: { mode: 'servicePrincipal', clientId, clientSecretFile: 'secret', ...own },
        entra: { tenantId, audiences: [audience], authority },
      },
      environments: ['acc', 'preprod'],
    },
    { files: { secret: 'hunter2' } },
  )
}

async function ask(url: string, path: string, headers: Record<string, string> = {}) {
  const [response]: IncomingMessage[] = await once(request(`${url}${path}`, { headers }).end(), 'response')
  if (response === undefined) throw new Error('no answer')
  return { status: response.statusCode, body: JSON.parse(await text(response)) }
}

const search = '/api/2.0/mlflow/experiments/search?max_results=1'

t.test('who calls without a token is the process itself, and nobody else whatever they send', async (t) => {
  const app = await start('training')
  t.teardown(() => app.close())
  for (const headers of [{}, { authorization: 'Bearer of-somebody-else' }, { authorization: 'Basic eDp5' }]) {
    const { status, body } = await ask(app.url, '/-/whoami', headers)
    t.equal(status, 200)
    t.match(body, { environment: 'acc', groups: ['apps_acc'], kind: 'application' })
  }
  t.equal(endpoints.asked.length, 1, 'one token for all of them')
  t.match(endpoints.asked, [{ client_id: 'training', scope: `${issuer.audience}/.default` }])
  t.equal((await ask(app.url, search)).status, 200)
  t.match(app.lines().at(-1), { environment: 'acc', status: 200 })
  t.notMatch(app.logs(), /ey[A-Z]|hunter2|of-somebody-else/)
})

t.test('programs of other machines, and web pages, have no identity there', async (t) => {
  const app = await start('training')
  t.teardown(() => app.close())
  const token = await issuer.token()
  const cases: readonly (readonly [Record<string, string>, number])[] = [
    [{ host: 'evil.example.com' }, 401],
    [{ 'x-forwarded-for': '10.0.0.7' }, 401],
    [{ 'x-forwarded-for': '10.0.0.7', authorization: `Bearer ${token}` }, 401],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example.com' }, 400],
  ]
  for (const [headers, status] of cases) t.equal((await ask(app.url, search, headers)).status, status, JSON.stringify(headers))
  t.equal(endpoints.asked.length, 0, 'no token was lent')
})

t.test('an identity that is in no environment, is for another audience, or cannot be had', async (t) => {
  const stranger = await start('stranger')
  t.match(await ask(stranger.url, search), { status: 403, body: { error_code: 'PERMISSION_DENIED' } })
  await stranger.close()
  const elsewhere = await start('training', { scope: 'api://other/.default' })
  t.match(await ask(elsewhere.url, search), {
    status: 401,
    body: {
      message: /^The identity of this sidecar is not accepted\. The access token is for another audience.*Tell the operators/,
    },
  })
  await elsewhere.close()
  const without = await start('training')
  endpoints.fault = (response) => response.destroy()
  t.match(await ask(without.url, search), { status: 503, body: { message: /sidecar cannot get a token of its own/ } })
  t.equal((await fetch(`${without.url}/health`)).status, 200)
  await without.close()
})

t.test('whoever listens for other machines lends nothing', async (t) => {
  await t.rejects(
    startInProcess({
      listen: { host: '0.0.0.0', port: 0 },
      upstream: { url: upstream.url },
      authentication: { mode: 'sidecar', entra: { tenantId: issuer.tenantId, audiences: ['a'] } },
      environments: ['acc'],
    }),
    /listen\.host.*would lend the identity of this process to other machines; write 127\.0\.0\.1/,
  )
})
