import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startIssuer } from '../fakes/issuer.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { startProxyProcess } from '../harness/proxy-process.ts'

const MiB = 2 ** 20

t.test('before a gunicorn server slow transfers leave a worker for the API, and one caller leaves one for another', async (t) => {
  const issuer = await startIssuer()
  const mlflow = await startMlflow({ version: '2.22.4', workers: 4 })
  const proxy = await startProxyProcess({ upstream: mlflow.url, issuer })
  const sockets: Socket[] = []
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await Promise.all([proxy.close(), mlflow.close()])
    await issuer.close()
  })
  const tokenOf = (name: string, environment: string) =>
    issuer.token({
      oid: `00000000-0000-4000-8000-00000000000${name}`,
      sub: `00000000-0000-4000-8000-00000000000${name}`,
      roles: [`apps_${environment}`],
    })
  const [slow, other] = await Promise.all([tokenOf('1', 'acc'), tokenOf('2', 'preprod')])

  const ask = async (token: string, method: string, path: string, body?: string | Buffer) => {
    const started = performance.now()
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const init = body === undefined ? { method, headers } : { method, headers, body: new Uint8Array(Buffer.from(body)) }
    const answer = await fetch(proxy.url + path, { ...init, signal: AbortSignal.timeout(30_000) })
    return {
      status: answer.status,
      retryAfter: answer.headers.get('retry-after'),
      text: await answer.text(),
      took: performance.now() - started,
    }
  }
  const newStore = async (token: string) => {
    const { text } = await ask(token, 'POST', '/api/2.0/mlflow/runs/create', '{"experiment_id":"0"}')
    const { run_id: runId } = JSON.parse(text).run.info
    return { runId, store: `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts` }
  }
  const [mine, theirs] = [await newStore(slow), await newStore(other)]
  t.equal((await ask(slow, 'PUT', `${mine.store}/large.bin`, Buffer.alloc(48 * MiB))).status, 200)

  /** A connection whose client goes on by itself, slowly or not at all. */
  const open = (head: string, token: string) => {
    const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1').on('error', () => undefined)
    sockets.push(socket)
    let text = ''
    socket.on('data', (chunk) => (text += chunk.toString('latin1', 0, 200)))
    socket.write(`${head}\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`)
    return { socket, text: () => text }
  }
  const trickle = (token: string, store: string, name: string) => {
    const upload = open(`PUT ${store}/${name} HTTP/1.1`, token)
    upload.socket.write(`Content-Length: ${20 * MiB}\r\n\r\n${'x'.repeat(2 * MiB)}`)
    const timer = setInterval(() => upload.socket.write('x'.repeat(1_000)), 100)
    upload.socket.once('close', () => clearInterval(timer))
    return upload
  }
  const uploads = Array.from({ length: 6 }, (_, index) => trickle(slow, mine.store, `slow-${index}.bin`))
  const readers = Array.from({ length: 6 }, () => {
    const reader = open(`GET ${mine.store}/large.bin HTTP/1.1`, slow)
    reader.socket.pause().write('\r\n')
    return reader
  })
  await sleep(500)

  for (let tries = 0; tries < 5; tries++) {
    const { status, took } = await ask(other, 'GET', `/api/2.0/mlflow/runs/get?run_id=${theirs.runId}`)
    t.equal(status, 200, `the API answers, after ${Math.round(took)} ms`)
  }
  t.equal((await ask(other, 'PUT', `${theirs.store}/small.txt`, 'small')).status, 200, 'another caller gets an artifact in')
  t.equal((await ask(other, 'GET', `${theirs.store}/small.txt`)).text, 'small', 'and out')
  t.equal(
    (await ask(slow, 'GET', `/api/2.0/mlflow/runs/get?run_id=${mine.runId}`)).status,
    200,
    'the slow caller has the API, too',
  )

  await sleep(5_500)
  for (const reader of readers) reader.socket.resume()
  await sleep(500)
  const shed = [...uploads, ...readers].filter(({ text }) => text().startsWith('HTTP/1.1 503'))
  t.same([...new Set(shed.map((each) => readers.includes(each)))], [true], 'uploads hold no worker while they come')
  t.equal(shed.length, 4, 'all but two of the readers are shed')
  for (const { text } of shed) t.match(text(), /\r\nretry-after: 1\r\n/)
  const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  t.match(metrics, /mlflow_env_proxy_shed_total\{kind="workers",cause="waited"\} 4/)

  for (const { socket } of [...uploads, ...readers]) {
    socket.destroy()
    if (!socket.closed) await once(socket, 'close')
  }
  for (let tries = 0; tries < 50; tries++) {
    const now = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
    if (now.includes('requests_under_way{kind="workers"} 0')) break
    await sleep(100)
  }
  const after = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  t.match(after, /requests_under_way\{kind="workers"\} 0/, 'every worker is given back')
  t.match(after, /requests_under_way\{kind="bytes"\} 0/)
  t.match(after, /memory_bytes\{of="used"\} 0/)
})

t.end()
