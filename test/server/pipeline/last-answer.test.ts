import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { reply, runId, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startApp } from '../../harness/app.ts'
import { headerOf, talk } from '../../harness/raw-http.ts'

const upstream = await startFakeUpstream()
upstream.answer = reply(200, { registered_model: { name: 'fraud_acc' } })
const app = await startApp({ upstream: upstream.url })
t.teardown(async () => {
  await app.close()
  await upstream.close()
})

const authorized = `Authorization: Bearer ${app.token}`
const create = '/api/2.0/mlflow/registered-models/create'
const artifact = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/x.bin`

function message(line: string, ...headers: readonly string[]): string {
  return `${[`${line} HTTP/1.1`, 'Host: proxy.example', ...headers].join('\r\n')}\r\n\r\n`
}

const body = '{"name":"smuggled"}'
/** A change, which must not be carried out where it stands behind a refused message. */
const behind = `${message(`POST ${create}`, authorized, 'Content-Type: application/json', `Content-Length: ${body.length}`)}${body}`
const gibibyte = 'Content-Length: 1073741824'
const chunks = 'Transfer-Encoding: chunked'

interface Kind {
  readonly name: string
  readonly bytes: string
  readonly status: number
}

// biome-ignore format: a table
/** Messages that no two parsers need read alike. */
const malformed: readonly Kind[] = [
  { name: 'two hosts', bytes: message('GET /health', 'Host: other'), status: 400 },
  { name: 'another expectation', bytes: message('GET /health', 'Expect: 200-ok'), status: 400 },
  { name: 'a method that is not served', bytes: message('OPTIONS /health'), status: 400 },
  { name: 'an absolute target', bytes: message('GET http://proxy.example/health'), status: 400 },
  { name: 'a fragment', bytes: message('GET /health#x'), status: 400 },
  { name: 'an encoded slash', bytes: message('GET /a%2fb'), status: 400 },
  { name: 'a broken escape', bytes: message('GET /a%zz'), status: 400 },
  { name: 'a long address', bytes: message(`GET /health?${'a'.repeat(17_000)}`), status: 414 },
  { name: 'many headers', bytes: message('GET /health', ...Array.from({ length: 101 }, (_, i) => `X-${i}: a`)), status: 400 },
  { name: 'large headers', bytes: message('GET /health', `X: ${'a'.repeat(40_000)}`), status: 431 },
  { name: 'another coding', bytes: message(`POST ${create}`, authorized, 'Transfer-Encoding: gzip'), status: 400 },
  { name: 'chunks on GET', bytes: `${message('GET /health', chunks)}5\r\nabcde\r\n0\r\n\r\n`, status: 400 },
  { name: 'a broken chunk', bytes: `${message(`POST ${create}`, authorized, chunks)}zz\r\n`, status: 400 },
  { name: 'a length and chunks', bytes: message(`POST ${create}`, authorized, chunks, 'Content-Length: 5'), status: 400 },
  { name: 'bytes that are no HTTP', bytes: '\x16\x03\x01\x00\r\n\r\n', status: 400 },
]

// biome-ignore format: a table
/** Well-formed messages that are refused before their bodies have come. */
const unread: readonly Kind[] = [
  ...[gibibyte, chunks].flatMap((length): Kind[] => [
    { name: `nobody's change, ${length}`, bytes: message(`POST ${create}`, length), status: 401 },
    { name: `nobody's upload, ${length}`, bytes: message(`PUT ${artifact}`, length), status: 401 },
    { name: `an upload with a token of nobody, ${length}`, bytes: message(`PUT ${artifact}`, 'Authorization: Bearer x', length), status: 401 },
    { name: `another site's page, ${length}`, bytes: message(`POST ${create}`, authorized, 'Sec-Fetch-Site: cross-site', length), status: 400 },
    { name: `an upload to a place of nobody, ${length}`, bytes: message('PUT /api/2.0/mlflow-artifacts/artifacts/x', authorized, length), status: 404 },
  ]),
  { name: 'a change that is too large', bytes: message(`POST ${create}`, authorized, 'Content-Type: application/json', gibibyte), status: 413 },
  { name: 'a GET with a large body', bytes: message('GET /api/2.0/mlflow/registered-models/get', authorized, gibibyte), status: 413 },
  { name: 'no endpoint', bytes: message('POST /api/2.0/mlflow/nothing', authorized, gibibyte), status: 413 },
]

/** How a client goes on behind a message: what it sends in the same packet, and when it is answered. */
const sequels: Readonly<Record<string, readonly [at: string, later: string]>> = {
  'with a change in the same packet': [behind, ''],
  'with a change when it is answered': ['', behind],
  'with garbage': ['\x00\x01\x02\r\n\r\n', '\x00\x01'],
}

/** What came back in a conversation that is over when the server ends it. */
async function oneAnswer(t: Test, { name, bytes, status }: Kind, [at, later]: readonly [string, string]): Promise<void> {
  upstream.received.length = 0
  const begun = performance.now()
  const said = [Buffer.from(`${bytes}${at}`, 'latin1'), ...(later === '' ? [] : [Buffer.from(later, 'latin1')])]
  const { answers, closed, surplus } = await talk(app.url, said, { expected: 9, timeoutMs: 8_000 })
  // What stands in place of a chunk may be refused before its request is.
  const statuses = bytes.includes(chunks) ? [status, 400] : [status]
  t.ok(
    answers.length === 1 && statuses.includes(answers[0]?.status ?? 0),
    `${name}: one answer, ${answers.map((answer) => answer.status)}`,
  )
  t.equal(answers[0] && headerOf(answers[0], 'connection'), 'close', `${name}: and it is the last`)
  t.ok(closed && performance.now() - begun < 4_000, `${name}: the connection ends`)
  t.equal(surplus.length, 0, `${name}: nothing comes behind it`)
  await sleep(10)
  t.same(
    upstream.received.filter(({ method }) => method !== 'GET'),
    [],
    `${name}: nothing is changed`,
  )
}

for (const [how, sequel] of Object.entries(sequels)) {
  t.test(`a refused message is the last of its connection, ${how}`, async (t) => {
    for (const kind of malformed) await oneAnswer(t, kind, sequel)
    // Behind a length that has not come, bytes are the body.
    for (const kind of unread) await oneAnswer(t, kind, sequel)
  })
}

/** Sends without an end, and says how many bytes were taken and how long it went on. */
function flood(bytes: string): Promise<{ taken: number; milliseconds: number; status: number }> {
  const { hostname, port } = new URL(app.url)
  const part = Buffer.alloc(64 * 1024, 'a')
  const begun = performance.now()
  return new Promise((resolve) => {
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
    let received = ''
    const write = () => {
      while (!socket.destroyed && socket.write(part));
    }
    const finish = () => {
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 0)
      resolve({ taken: socket.bytesWritten - socket.writableLength, milliseconds: performance.now() - begun, status })
    }
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    socket.on('drain', write)
    socket.on('error', () => undefined)
    socket.on('close', finish)
    socket.write(bytes, 'latin1', write)
  })
}

t.test('whoever goes on sending behind a refusal is cut off after some seconds and bytes', async (t) => {
  const kinds = [...unread.filter(({ name }) => name.includes(gibibyte)), ...malformed.slice(0, 4), ...malformed.slice(-4)]
  const results = await Promise.all(kinds.map(async (kind) => ({ kind, result: await flood(kind.bytes) })))
  for (const { kind, result } of results) {
    t.equal(result.status, kind.status, kind.name)
    t.ok(result.milliseconds < 15_000, `${kind.name}: in ${Math.round(result.milliseconds)} ms`)
    t.ok(result.taken < 100 * 1024 * 1024, `${kind.name}: after ${result.taken} bytes`)
  }
})

t.test('whoever sends some megabytes that are refused gets to the answer, without a broken connection', async (t) => {
  for (const { name, bytes, status } of unread.filter(({ name }) => name.includes('nobody'))) {
    const length = 20 * 1024 * 1024
    const head = bytes.replace(gibibyte, `Content-Length: ${length}`)
    if (head === bytes) continue
    const { answers, closed } = await talk(app.url, [Buffer.concat([Buffer.from(head), Buffer.alloc(length, 'a')])], {
      expected: 9,
    })
    t.same(
      answers.map((answer) => answer.status),
      [status],
      name,
    )
    t.ok(closed, `${name}: and the connection ends`)
  }
})

t.test('a request before bytes that are none keeps its answer', async (t) => {
  for (const end of ['\x00\x01\x02', 'GET\r\n\r\n', 'x'.repeat(100)]) {
    const { answers, closed } = await talk(app.url, `${behind}${end}`, { expected: 9, timeoutMs: 8_000 })
    t.same(
      answers.map(({ status }) => status),
      [200],
      JSON.stringify(end.slice(0, 9)),
    )
    t.ok(closed, 'and the connection ends')
  }
})

t.test('nothing is done of what stands behind the last request that a client announced', async (t) => {
  upstream.received.length = 0
  const last = behind.replace('Host:', 'Connection: close\r\nHost:')
  const { answers, closed } = await talk(app.url, `${last}${behind}`, { expected: 9, timeoutMs: 8_000 })
  t.same(
    answers.map(({ status }) => status),
    [200],
  )
  t.ok(closed)
  await sleep(50)
  t.equal(upstream.received.filter(({ method }) => method === 'POST').length, 1)
})

t.test('an answered request leaves its connection open, refused or not', async (t) => {
  const refused = message('GET /api/2.0/mlflow/nothing', authorized)
  const nobody = message('GET /api/2.0/mlflow/registered-models/get?name=x')
  const { answers, closed } = await talk(
    app.url,
    [refused, nobody, behind, behind].map((text) => Buffer.from(text)),
  )
  t.same(
    answers.map(({ status }) => status),
    [404, 401, 200, 200],
  )
  t.notOk(closed)
})

t.test('who asks whether a body is wanted is told so when it is', async (t) => {
  const asking = (line: string, ...headers: readonly string[]) =>
    message(line, 'Expect: 100-continue', `Content-Length: ${body.length}`, 'Content-Type: application/json', ...headers)
  const raw = (bytes: string, later: string) =>
    new Promise<string>((resolve) => {
      const { hostname, port } = new URL(app.url)
      const socket = connect(Number(port), hostname)
      let received = ''
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1')
        if (received.startsWith('HTTP/1.1 100') && later !== '') socket.write(later)
        if (/HTTP\/1\.1 (?!100)/.test(received)) socket.destroy()
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(received))
      socket.write(bytes)
    })
  t.match(await raw(asking(`POST ${create}`, authorized), body), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/)
  t.match(await raw(asking(`POST ${create}`), body), /^HTTP\/1\.1 401/, 'nobody’s is not')
  t.match(await raw(asking(`POST ${create}`, authorized, 'Host: other'), body), /^HTTP\/1\.1 400/)
})
