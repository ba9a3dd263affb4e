import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { reply, runId, startFakeUpstream } from '../fakes/fake-upstream.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { listen } from '../harness/listen.ts'
import { freePort } from '../harness/program.ts'
import { type ProcessOptions, startProxyProcess } from '../harness/proxy-process.ts'

const upstream = await startFakeUpstream()
const issuer = await startIssuer()
const token = await issuer.token()
const model = { registered_model: { name: 'fraud_acc' } }
const read = '/api/2.0/mlflow/registered-models/get?name=fraud'
const artifact = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/model.bin`
t.teardown(() => Promise.all([upstream.close(), issuer.close()]))

async function start(t: Test, settings: Record<string, unknown> = {}, more: Partial<ProcessOptions> = {}) {
  const proxy = await startProxyProcess({ upstream: upstream.url, issuer, settings, ...more })
  t.teardown(() => proxy.close())
  return proxy
}

const headers = { authorization: `Bearer ${token}` }

async function status(url: string): Promise<number | string> {
  try {
    const answer = await fetch(url, { headers: { ...headers, connection: 'close' } })
    await answer.text()
    return answer.status
  } catch {
    return 'refused'
  }
}

/** Answers slowly: a second passes before the answer of a message, and between the parts of an artifact. */
function answerSlowly() {
  upstream.answer = (incoming, response) => {
    if (!incoming.url?.includes('artifacts')) return void setTimeout(() => reply(200, model)(incoming, response), 1_500)
    if (incoming.method === 'PUT') return void incoming.resume().once('end', () => reply(200, {})(incoming, response))
    response.writeHead(200, { 'content-length': '8' }).write('1234')
    setTimeout(() => response.end('5678'), 2_000)
  }
}

/** An upload of which the second half follows later. */
async function uploadSlowly(url: string, ms: number): Promise<number | undefined> {
  const upload = request(url + artifact, { method: 'PUT', headers: { ...headers, 'content-length': '8' } })
  upload.write('1234')
  setTimeout(() => upload.end('5678'), ms)
  const [answer] = await once(upload, 'response')
  answer.resume()
  return answer.statusCode
}

t.test('SIGTERM: not ready at once, the requests in flight finish, then exit 0', async (t) => {
  const proxy = await start(t, { shutdown: { drainSeconds: 1 } })
  upstream.answer = reply(200, model)
  t.equal(await status(proxy.url + read), 200)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const kept = () =>
    new Promise<{ status?: number | undefined; connection?: string | undefined }>((resolve, reject) => {
      const asked = request(proxy.url + read, { agent, headers }, (answer) => {
        answer.resume().once('end', () => resolve({ status: answer.statusCode, connection: answer.headers.connection }))
      })
      asked.once('error', reject).end()
    })
  t.same(await kept(), { status: 200, connection: 'keep-alive' })
  const idle = connect(Number(new URL(proxy.url).port), '127.0.0.1')
  const unfinished = connect(Number(new URL(proxy.url).port), '127.0.0.1')
  t.teardown(() => [idle, unfinished].map((socket) => socket.on('error', () => undefined).destroy()))
  unfinished.write('GET / HTTP/1.1\r\nHost: x\r\n')
  answerSlowly()
  const slow = fetch(proxy.url + read, { headers })
  const download = fetch(proxy.url + artifact, { headers }).then((answer) => answer.text())
  const upload = uploadSlowly(proxy.url, 1_800)
  await sleep(300)
  proxy.signal('SIGTERM')
  const started = performance.now()
  await sleep(100)
  const readiness = await fetch(`${proxy.adminUrl}/readyz`)
  t.same(
    [readiness.status, await readiness.json()],
    [503, { status: 'not ready', waitingFor: 'the end of the requests in flight' }],
  )
  t.equal(await status(`${proxy.adminUrl}/livez`), 200, 'it lives')
  upstream.answer = reply(200, model)
  t.equal(await status(proxy.url + read), 200, 'new connections are served')
  t.same(await kept(), { status: 200, connection: 'close' }, 'clients with a connection are sent elsewhere')
  await sleep(1_000)
  t.equal(await status(proxy.url + read), 'refused', 'after the drain nobody is let in')
  const answer = await slow
  t.same([answer.status, await answer.json()], [200, { registered_model: { name: 'fraud' } }], 'the slow request finishes')
  t.equal(await upload, 200, 'and the upload')
  t.equal(await download, '12345678', 'and the download')
  t.equal(await proxy.ended, 0, 'then it ends well')
  const took = performance.now() - started
  t.ok(took > 1_500 && took < 4_000, `as soon as they have finished (${Math.round(took)} ms)`)
  t.equal(proxy.err(), '')
  const audited = proxy.lines().filter((line) => line.audit === true && line.complete === true)
  t.equal(audited.length, 7, 'each request has its line')
})

t.test('it starts with one line and nothing unexpected; SIGINT with nothing to do: exit 0 at once', async (t) => {
  const proxy = await start(t)
  t.equal(proxy.err(), '')
  const [line, ...others] = proxy.lines()
  t.match(line, { level: 30, msg: 'listening', listen: { address: '127.0.0.1' }, admin: { address: '127.0.0.1' } })
  t.same(
    others.filter(({ msg }) => msg !== 'MLflow answers'),
    [],
  )
  const idle = connect(Number(new URL(proxy.url).port), '127.0.0.1').on('error', () => undefined)
  t.teardown(() => void idle.destroy())
  await fetch(`${proxy.adminUrl}/metrics`).then((answer) => answer.text())
  proxy.signal('SIGINT')
  const slow = sleep(3_000, 'too slow', { ref: false })
  t.equal(await Promise.race([proxy.ended, slow]), 0)
})

t.test('a second signal ends it at once', async (t) => {
  const proxy = await start(t, { shutdown: { drainSeconds: 300 } })
  answerSlowly()
  const broken = fetch(proxy.url + read, { headers }).then(
    () => 'answered',
    () => 'broken',
  )
  await sleep(200)
  proxy.signal('SIGTERM')
  await sleep(100)
  t.equal(await status(`${proxy.adminUrl}/livez`), 200, 'the first one waits')
  proxy.signal('SIGTERM')
  t.equal(await proxy.ended, 1)
  t.equal(await broken, 'broken')
})

t.test('a port that is taken: one clear line and exit 1', async (t) => {
  const server = createServer()
  const port = await listen(server)
  t.teardown(() => void server.close())
  const check = async (taken: 'listen' | 'admin') => {
    const proxy = await start(t, {}, { ports: { [taken]: port }, wait: false })
    t.equal(await proxy.ended, 1, taken)
    t.equal(
      proxy.err(),
      `mlflow-env-proxy: cannot listen on 127.0.0.1 port ${port} (${taken}): the port is in use; stop the program that uses it, or choose another port\n`,
    )
    // How the first reading of the keys ended may have been logged by then.
    t.notMatch(proxy.out(), /port|EADDRINUSE/, 'nothing of it in the log')
  }
  await Promise.all([check('listen'), check('admin')])
})

t.test('without the signing keys it listens, is not ready, says why, and recovers', async (t) => {
  const port = await freePort()
  const absent = { authority: `http://127.0.0.1:${port}`, tenantId: issuer.tenantId, audience: issuer.audience }
  const proxy = await start(t, {}, { issuer: absent, wait: false })
  const until = async (wanted: number | string, url: string) => {
    for (let tries = 0; tries < 200 && (await status(url)) !== wanted; tries++) await sleep(50)
    return status(url)
  }
  t.equal(await until(503, `${proxy.adminUrl}/readyz`), 503, 'not ready')
  t.same(await (await fetch(`${proxy.adminUrl}/readyz`)).json(), { status: 'not ready', waitingFor: "the issuer's signing keys" })
  t.equal(await status(`${proxy.adminUrl}/livez`), 200)
  t.equal(await status(`${proxy.url}/health`), 200)
  t.equal(await status(proxy.url + read), 503, 'no token can be judged')
  upstream.answer = reply(200, model)
  const keys = createServer((_request, response) => response.end(JSON.stringify(issuer.keySet()))).listen(port, '127.0.0.1')
  t.teardown(() => void keys.close())
  t.equal(await until(200, `${proxy.adminUrl}/readyz`), 200, 'ready')
  const claims = { iss: `http://127.0.0.1:${port}/${issuer.tenantId}/v2.0` }
  const answer = await fetch(proxy.url + read, { headers: { authorization: `Bearer ${await issuer.token(claims)}` } })
  t.equal(answer.status, 200, 'and serves')
  const warnings = proxy.lines().filter(({ msg }) => msg === 'the signing keys could not be read')
  t.ok(warnings.length >= 1 && warnings.length < 10, 'the log says so, and not too often')
})

t.test('without MLflow it listens, is not ready, says why, and is ready once it was there', async (t) => {
  const port = await freePort()
  const proxy = await start(t, {}, { upstream: `http://127.0.0.1:${port}`, wait: false })
  const until = async (holds: (status: number, text: string) => boolean) => {
    for (let tries = 0; tries < 400; tries++) {
      const answer = await fetch(`${proxy.adminUrl}/readyz`).catch(() => null)
      const text = (await answer?.text()) ?? ''
      if (answer !== null && holds(answer.status, text)) return text
      await sleep(50)
    }
    return null
  }
  t.match(
    await until((status, text) => status === 503 && text.includes('reached')),
    /"waitingFor":"the upstream cannot be reached: nothing listens/,
  )
  const mlflow = createServer((_request, response) => response.end('{"experiment":{}}')).listen(port, '127.0.0.1')
  t.teardown(() => void mlflow.close())
  t.equal(await until((status) => status === 200), '{"status":"ready"}')
  mlflow.close()
  mlflow.closeAllConnections()
  t.equal(
    (await fetch(`${proxy.adminUrl}/readyz`)).status,
    200,
    'later outages are answered, and no reason to send callers elsewhere',
  )
})

t.end()
