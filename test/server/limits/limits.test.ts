import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { reply, runId, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { type App, startApp } from '../../harness/app.ts'
import { headerOf, type RawAnswer, talk } from '../../harness/raw-http.ts'

const upstream = await startFakeUpstream()
/** Milliseconds: headers, then a pause in a body or answer, then between requests. */
const timeouts = { headers: 600, idle: 400, keepAlive: 65_000 }
const app = await startApp({ upstream: upstream.url })
const hasty = await startApp({ upstream: upstream.url, timeouts })
t.teardown(async () => {
  await Promise.all([app.close(), hasty.close()])
  await upstream.close()
})

const model = { registered_model: { name: 'fraud_acc' } }
const get = '/api/2.0/mlflow/registered-models/get'
const create = '/api/2.0/mlflow/registered-models/create'
const artifact = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/model.bin`

/** The head of a request, with as many further header lines as given. */
function head(method: string, target: string, lines: readonly string[] = [], of: App = app): string {
  return `${[`${method} ${target} HTTP/1.1`, 'Host: proxy.example', `Authorization: Bearer ${of.token}`, ...lines].join('\r\n')}\r\n\r\n`
}

function errorOf(answer: RawAnswer | undefined): { status: number | undefined; code: string | undefined; message: string } {
  const value: { error_code?: string; message?: string } = answer?.body.length ? JSON.parse(answer.body.toString()) : {}
  return { status: answer?.status, code: value.error_code, message: value.message ?? '' }
}

/** Sends bytes and checks that they are refused in MLflow's form, with nothing sent upstream and an audit line. */
async function refused(t: Test, bytes: string | Buffer, status: number, name: string): Promise<string> {
  upstream.received.length = 0
  const [answer] = (await talk(app.url, bytes)).answers
  const { code, message, ...got } = errorOf(answer)
  t.equal(got.status, status, name)
  t.match(answer && headerOf(answer, 'content-type'), /^application\/json/, `${name}: JSON`)
  t.ok(typeof code === 'string' && message.length > 10, `${name}: MLflow's form: ${message}`)
  t.equal(upstream.received.length, 0, `${name}: nothing is sent upstream`)
  await sleep(5)
  const id = answer && headerOf(answer, 'x-request-id')
  const lines = app.lines().filter((line) => line.audit === true && line.requestId === id)
  t.equal(lines.length, 1, `${name}: one audit line`)
  t.match(lines[0], { decision: 'deny', status, upstreamStatus: null })
  return message
}

async function passes(t: Test, bytes: string | Buffer, name: string): Promise<void> {
  upstream.received.length = 0
  upstream.answer = reply(200, model)
  const [answer] = (await talk(app.url, bytes)).answers
  t.equal(answer?.status, 200, `${name}: ${answer?.body.toString().slice(0, 200)}`)
  t.equal(upstream.received.length, 1, `${name}: and goes upstream`)
}

t.test('an address has 16 KiB at most', async (t) => {
  const list = `/api/2.0/mlflow/artifacts/list?run_id=${runId}&path=`
  const target = (length: number) => `${list}${'a/'.repeat(length).slice(0, length - list.length - 1)}a`
  await passes(t, head('GET', target(16_383)), '16383 bytes')
  await passes(t, head('GET', target(16_384)), '16384 bytes')
  await refused(t, head('GET', target(16_385)), 414, '16385 bytes')
  await refused(t, head('GET', `/${'a'.repeat(16_384)}`), 414, 'an unknown path of 16385 bytes')
  await refused(t, head('GET', `/api/2.0/mlflow-artifacts/artifacts/${'a'.repeat(17_000)}`), 414, 'a long parameter')
})

t.test('names and values of the headers, with the address, have 32 KiB at most', async (t) => {
  const used = [`${get}?name=fraud`, 'Host', 'proxy.example', 'Authorization', `Bearer ${app.token}`, 'X-Pad'].join('').length
  const padded = (length: number) => head('GET', `${get}?name=fraud`, [`X-Pad: ${'x'.repeat(length - used)}`])
  await passes(t, padded(32_767), 'a byte less')
  await passes(t, padded(32_768), '32 KiB')
  await refused(t, padded(32_769), 431, 'a byte more')
  await refused(t, padded(200_000), 431, 'very many more')
})

t.test('a request has 100 header lines at most', async (t) => {
  const lines = (count: number) => Array.from({ length: count - 2 }, (_, index) => `X-${index}: 1`)
  await passes(t, head('GET', `${get}?name=fraud`, lines(99)), '99')
  await passes(t, head('GET', `${get}?name=fraud`, lines(100)), '100')
  await refused(t, head('GET', `${get}?name=fraud`, lines(101)), 400, '101')
  await refused(t, head('GET', `${get}?name=fraud`, lines(300)), 400, '300')
})

const json = 'Content-Type: application/json'

/** A body of so many bytes that says what a short one says. */
function padBody(bytes: number): Buffer {
  return Buffer.from('{"name":"fraud"}'.padEnd(bytes))
}

function inChunks(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
}

t.test('a JSON body has 32 MiB at most, and whoever sends more gets to the answer', async (t) => {
  const largest = 32 * 1024 * 1024
  const whole = (length: number) =>
    Buffer.concat([Buffer.from(head('POST', create, [json, `Content-Length: ${length}`])), padBody(length)])
  const chunked = (length: number) =>
    Buffer.concat([Buffer.from(head('POST', create, [json, 'Transfer-Encoding: chunked'])), inChunks(padBody(length))])
  await passes(t, whole(largest - 1), 'a byte less')
  await passes(t, whole(largest), '32 MiB')
  await passes(t, chunked(largest), '32 MiB in chunks')
  t.same(upstream.received[0]?.body.toString(), '{"name":"fraud_acc"}', 'what goes upstream is written anew')
  await refused(t, whole(largest + 1), 413, 'a byte more')
  await refused(t, chunked(largest + 1), 413, 'a byte more in chunks')
  await refused(t, whole(48 * 1024 * 1024), 413, '16 MiB more')
})

t.test('the body of a GET has 64 KiB at most', async (t) => {
  const asked = (length: number) =>
    Buffer.concat([Buffer.from(head('GET', get, [json, `Content-Length: ${length}`])), padBody(length)])
  await passes(t, asked(65_535), 'a byte less')
  await passes(t, asked(65_536), '64 KiB')
  await refused(t, asked(65_537), 413, 'a byte more')
})

t.test('JSON is nested 64 deep at most', async (t) => {
  const nested = (depth: number) => {
    const body = `{"name":"fraud","tags":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    return head('POST', create, [json, `Content-Length: ${body.length}`]) + body
  }
  const deep = /nest|deep/
  t.notMatch(await refused(t, nested(63), 400, '63'), deep)
  t.notMatch(await refused(t, nested(64), 400, '64: refused for what it is'), deep)
  t.match(await refused(t, nested(65), 400, '65: refused for its depth'), deep)
  t.match(await refused(t, nested(1_000_000), 400, 'a million'), deep)
})

t.test("bytes that are no request are refused in MLflow's form too", async (t) => {
  const cases: readonly (readonly [string, string, number])[] = [
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
    ['an unknown method', head('BREW', '/'), 400],
    ['OPTIONS', head('OPTIONS', get), 400],
    ['HTTP/1.2', head('GET', get).replace('HTTP/1.1', 'HTTP/1.2'), 400],
    ['HTTP/2.0', head('GET', get).replace('HTTP/1.1', 'HTTP/2.0'), 400],
    ['two lengths', head('POST', create, ['Content-Length: 2', 'Content-Length: 3']), 400],
    ['a length and chunks', head('POST', create, ['Content-Length: 2', 'Transfer-Encoding: chunked']), 400],
    ['a bad chunk', `${head('POST', create, [json, 'Transfer-Encoding: chunked'])}zz\r\n`, 400],
    ['a bad percent', head('GET', '/%zz'), 400],
    ['a percent at the end', head('GET', `${artifact}%`), 400],
    ['another expectation', head('POST', create, ['Expect: the-unexpected']), 400],
  ]
  for (const [name, bytes, status] of cases) await refused(t, bytes, status, name)
})

t.test('an address with a broken escape is refused for that, or for what else is wrong with it', async (t) => {
  t.match(await refused(t, head('GET', '/%zz'), 400, 'the escape'), /The path has a malformed percent-encoding/)
  t.match(await refused(t, head('GET', `/${'x'.repeat(17_000)}%zz`), 414, 'the length'), /longer than 16384 bytes/)
})

/** A connection on which a test writes what and when it likes. */
function open(t: Test, to: App): { socket: Socket; text: () => string; ended: Promise<number> } {
  const socket = connect(to.port, '127.0.0.1')
  const started = performance.now()
  let text = ''
  socket.on('error', () => undefined)
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
  })
  t.teardown(() => void socket.destroy())
  return { socket, text: () => text, ended: once(socket, 'close').then(() => performance.now() - started) }
}

t.test('headers that do not come in time: 408, as nothing of them went on', async (t) => {
  upstream.received.length = 0
  const { socket, text, ended } = open(t, hasty)
  socket.write(head('GET', `${get}?name=fraud`, [], hasty).slice(0, -2))
  const took = await ended
  t.match(text(), /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*"error_code":"BAD_REQUEST"/)
  t.ok(took > 500 && took < 2_500, `after ${Math.round(took)} ms`)
  t.equal(upstream.received.length, 0)
  t.match(hasty.lines().at(-1), { audit: true, endpoint: 'unreadable', status: 408 })
})

t.test('a body that stops coming: the connection is closed without a word, and nothing is done', async (t) => {
  for (const [method, target, type] of [
    ['POST', create, json],
    ['PUT', artifact, 'X: 1'],
    ['GET', get, json],
  ] as const) {
    upstream.received.length = 0
    upstream.answer = reply(200, model)
    const { socket, text, ended } = open(t, hasty)
    socket.write(`${head(method, target, [type, 'Content-Length: 16'], hasty)}{"name":`)
    const took = await ended
    t.equal(text(), '', `${method}: no answer`)
    t.ok(took > 300 && took < 1_500, `${method}: after ${Math.round(took)} ms`)
    await sleep(30)
    t.notOk(
      upstream.received.some(({ whole }) => whole),
      `${method}: nothing whole went upstream`,
    )
    t.match(
      hasty.lines().findLast((line) => line.audit === true),
      { status: null, complete: false, reason: 'client-gone' },
      `${method}: audited`,
    )
  }
})

t.test('a slow client that goes on is served, and a slow upstream waited for', async (t) => {
  upstream.answer = reply(200, model)
  for (const [method, target] of [
    ['POST', create],
    ['PUT', artifact],
  ] as const) {
    const { socket, text } = open(t, hasty)
    socket.write(head(method, target, [json, 'Content-Length: 16'], hasty))
    for (const letter of '{"name":"fraud"}') {
      await sleep(50)
      socket.write(letter)
    }
    await once(socket, 'data')
    t.match(text(), /^HTTP\/1\.1 200 OK/, method)
  }
  upstream.answer = (request, response) => void setTimeout(() => reply(200, model)(request, response), 1_000)
  for (const [method, target] of [
    ['POST', create],
    ['PUT', artifact],
  ] as const) {
    const { socket, text } = open(t, hasty)
    socket.write(`${head(method, target, [json, 'Content-Length: 16'], hasty)}{"name":"fraud"}`)
    await once(socket, 'data')
    t.match(text(), /^HTTP\/1\.1 200 OK/, `${method}: the answer takes longer than a body may`)
    upstream.answer = reply(200, model)
    await sleep(800)
    socket.write(head('GET', `${get}?name=fraud`, [], hasty))
    await once(socket, 'data')
    t.match(text(), /HTTP\/1\.1 200 OK[\s\S]*HTTP\/1\.1 200 OK/, `${method}: the connection is kept for the next one`)
  }
})

t.test('a client that takes nothing of its answer is cut off, and upstream with it', async (t) => {
  let upstreamClosed = 0
  const started = performance.now()
  upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': '1000000000' })
    const chunk = Buffer.alloc(1024 * 1024)
    const more = () => {
      while (response.write(chunk));
      response.once('drain', more)
    }
    response.once('close', () => {
      upstreamClosed = performance.now() - started
    })
    more()
  }
  const socket = connect(hasty.port, '127.0.0.1').on('error', () => undefined)
  t.teardown(() => void socket.destroy())
  socket.pause().write(head('GET', artifact, [], hasty))
  for (let tries = 0; tries < 60 && upstreamClosed === 0; tries++) await sleep(50)
  t.ok(upstreamClosed > 300 && upstreamClosed < 2_500, `after ${Math.round(upstreamClosed)} ms`)
  await sleep(20)
  t.match(
    hasty.lines().findLast((line) => line.audit === true),
    { endpoint: 'downloadArtifact', complete: false, reason: 'client-gone' },
  )
})

t.test('whoever is refused while sending a large body gets to the answer', async (t) => {
  const length = 20 * 1024 * 1024
  const body = Buffer.alloc(length, 0x20)
  const upload = (line: string, target = artifact) =>
    Buffer.concat([Buffer.from(head('PUT', target, [`Content-Length: ${length}`]).replace(/Authorization: .*/, line)), body])
  const foreign = artifact.replace(runId, 'f'.repeat(32))
  const own = `Authorization: Bearer ${app.token}`
  const ask = async (bytes: Buffer) => errorOf((await talk(app.url, bytes)).answers[0])
  t.match(await ask(upload('X: 1')), { status: 401 }, 'without a token')
  t.match(await ask(upload(own, foreign.replace('/0/', '/999/'))), { code: /.+/ }, 'another experiment')
  const early = (status: number, text: string) => {
    upstream.answer = (_request, { socket }) =>
      void socket?.write(`HTTP/1.1 ${status} X\r\ncontent-length: ${text.length}\r\n\r\n${text}`)
  }
  early(400, '{"error_code":"INVALID_PARAMETER_VALUE","message":"Invalid path"}')
  t.match(
    await ask(upload(own)),
    { status: 400, code: 'INVALID_PARAMETER_VALUE', message: 'Invalid path' },
    'by MLflow, before it has all',
  )
  early(200, '{}')
  t.match(await ask(upload(own)), { status: 501, code: 'INTERNAL_ERROR' }, 'a success before it has all is none')
})

t.test('garbage behind a request does not get into its answer', async (t) => {
  upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': '200' }).write('a'.repeat(100))
    setTimeout(() => response.end('a'.repeat(100)), 200)
  }
  const { socket, text, ended } = open(t, app)
  socket.write(head('GET', artifact))
  await once(socket, 'data')
  socket.write('garbage\r\n\r\n')
  await ended
  const [, body = ''] = text().split('\r\n\r\n')
  t.equal(body, 'a'.repeat(200), 'what the client has is the artifact, and then the connection ends')
})

t.end()
