import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { buffer, text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { createAgent } from '../../../src/server/agent/agent.ts'
import { createProbes } from '../../../src/server/agent/run-agent.ts'
import { openOwnToken } from '../../../src/server/credentials/open-credentials.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { serveTokens } from '../../fakes/token-endpoints.ts'
import { listen } from '../../harness/listen.ts'

const issuer = await startIssuer()
const endpoints = serveTokens(issuer, [{ clientId: 'pod', roles: ['apps_acc'] }])
let answer = (_message: IncomingMessage, response: ServerResponse): unknown => response.end('{}')
const seen: IncomingMessage[] = []
const proxy = createServer((message, response) => {
  seen.push(message)
  answer(message, response)
})

const proxyPort = await listen(proxy)
const warned: object[] = []
const clock = { now: 0 }
const token = openOwnToken(
  {
    mode: 'managedIdentity',
    endpoint: `${issuer.authority}/metadata/identity/oauth2/token`,
    secret: null,
    clientId: null,
    resource: issuer.audience,
  },
  { log: { warn: (about: object) => void warned.push(about) }, clock: () => clock.now },
)
const log = { warn: (about: object) => void warned.push(about) }
const agent = createAgent({ to: new URL(`http://127.0.0.1:${proxyPort}/env/acc/`), token, log })
const url = `http://127.0.0.1:${await listen(agent)}`
t.teardown(async () => {
  for (const server of [agent, proxy]) {
    server.closeAllConnections()
    server.close()
  }
  await issuer.close()
})
t.beforeEach(() => {
  seen.length = 0
  warned.length = 0
  answer = (_message, response) => response.end('{}')
})

t.test('a request is passed on as it is, with the pod’s token in place of any other', async (t) => {
  answer = (_message, response) =>
    response.writeHead(404, { 'content-type': 'application/json', 'x-request-id': '7' }).end('{"a":1}')
  const response = await fetch(`${url}/api/2.0/mlflow/a%2Fb/..c?x=%20&y`, {
    headers: { authorization: 'Bearer stale', 'x-mlflow': 'yes' },
  })
  t.equal(response.status, 404)
  t.equal(response.headers.get('x-request-id'), '7')
  t.equal(await response.text(), '{"a":1}')
  const [message] = seen
  t.match(message, { method: 'GET', url: '/env/acc/api/2.0/mlflow/a%2Fb/..c?x=%20&y' })
  t.match(message?.headers, { authorization: `Bearer ${await token.read()}`, 'x-mlflow': 'yes', host: `127.0.0.1:${proxyPort}` })
})

t.test('large bodies are streamed both ways', async (t) => {
  const bytes = randomBytes(16 * 1024 * 1024)
  answer = async (message, response) => response.end(await buffer(message))
  for (const headers of [{ 'content-length': String(bytes.length) }, { 'transfer-encoding': 'chunked' }]) {
    const sent = request(`${url}/artifact`, { method: 'PUT', headers })
    sent.end(bytes)
    const [response]: IncomingMessage[] = await once(sent, 'response')
    t.ok(response !== undefined && bytes.equals(await buffer(response)), JSON.stringify(headers))
  }
})

t.test('tokens of seconds are renewed while requests go on', async (t) => {
  endpoints.lifetime = 20
  clock.now += 24 * 3_600_000
  const used = new Set<string | undefined>()
  for (let second = 0; second < 120; second++) {
    const response = await fetch(`${url}/run`)
    t.equal(response.status, 200)
    await response.text()
    clock.now += 1_000
    await pause(2)
  }
  for (const { headers } of seen) used.add(headers.authorization)
  t.ok(used.size >= 6 && used.size <= 9, `${used.size} tokens in two minutes`)
  t.same(warned, [])
})

t.test('a token that the proxy refuses is not used for the next request', async (t) => {
  answer = (_message, response) => response.writeHead(401).end('{}')
  const first = await fetch(`${url}/x`)
  t.equal(first.status, 401)
  await first.text()
  answer = (_message, response) => response.end('{}')
  await (await fetch(`${url}/x`)).text()
  t.not(seen[0]?.headers.authorization, seen[1]?.headers.authorization)
})

t.test('only programs of the same machine are served', async (t) => {
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ host: 'evil.example.com' }, /call it as 127\.0\.0\.1 or localhost/],
    [{ host: '127.0.0.1.evil.example.com:5000' }, /call it as 127\.0\.0\.1/],
    [{ host: '10.0.0.7:5000' }, /call it as 127\.0\.0\.1/],
    [{ 'x-forwarded-for': '10.0.0.7' }, /header x-forwarded-for.*call it directly/],
    [{ forwarded: 'for=10.0.0.7' }, /header forwarded/],
  ]
  for (const [headers, message] of cases) {
    const [response]: IncomingMessage[] = await once(request(`${url}/x`, { headers }).end(), 'response')
    t.equal(response?.statusCode, 401)
    t.match(JSON.parse(response === undefined ? '' : await text(response)), { error_code: 'CUSTOMER_UNAUTHORIZED', message })
  }
  for (const host of ['localhost:5000', '[::1]:5000', '127.0.0.1'])
    t.match(await once(request(`${url}/x`, { headers: { host } }).end(), 'response'), [{ statusCode: 200 }], host)
  t.equal(seen.length, 3)
})

t.test('who is not reached, and who breaks off', async (t) => {
  answer = (message) => message.socket.destroy()
  const [read, written] = [await fetch(`${url}/x`), await fetch(`${url}/x`, { method: 'POST', body: '{}' })]
  t.match(read, { status: 503 })
  t.equal(read.headers.get('retry-after'), '1')
  t.match(await read.json(), { error_code: 'TEMPORARILY_UNAVAILABLE', message: /connection to the proxy broke\. Try again/ })
  t.equal(written.status, 409)
  t.match(await written.json(), { message: /may have been carried out/ })
  const nowhere = createAgent({ to: new URL('http://127.0.0.1:1'), token, log })
  const port = await listen(nowhere)
  const refused = await fetch(`http://127.0.0.1:${port}/x`, { method: 'POST', body: '{}' })
  t.match(await refused.json(), { message: /does not answer at the moment/ })
  t.equal(refused.status, 503, 'nothing was sent')
  nowhere.closeAllConnections()
  nowhere.close()
  endpoints.fault = (response) => response.destroy()
  clock.now += 24 * 3_600_000
  const without = await fetch(`${url}/x`)
  t.equal(without.status, 503)
  t.match(await without.json(), { message: /cannot get/ })
  endpoints.fault = null
  clock.now += 2_000
  answer = (_message, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('half')
    setTimeout(() => response.destroy(), 20)
  }
  await t.rejects((await fetch(`${url}/x`)).text(), 'half an answer is none')
  t.notMatch(JSON.stringify(warned), /ey[A-Z]|Bearer/)
})

t.test('a caller that goes away ends its request', async (t) => {
  const gone = new Promise<void>((resolve) => {
    answer = (message, response) => {
      response.write('x')
      message.socket.once('close', () => resolve())
    }
  })
  const sent = request(`${url}/x`).end()
  await once(sent, 'response')
  sent.destroy()
  await gone
  t.pass('the proxy hears of it')
})

t.test('the kubelet hears whether there is a token, and nothing else', async (t) => {
  let has = false
  const probes = createProbes({ read: async () => (has ? 'a-token' : Promise.reject(new Error('hunter2'))) })
  const port = await listen(probes)
  t.teardown(() => probes.close())
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })
    return `${response.status} ${await response.text()}`
  }
  t.equal(await ask('/livez'), '200 {"status":"ready"}')
  t.equal(await ask('/readyz'), '503 {"status":"not ready","waitingFor":"a token"}')
  has = true
  t.equal(await ask('/readyz'), '200 {"status":"ready"}')
  t.equal(await ask('/x'), '404 ')
})
