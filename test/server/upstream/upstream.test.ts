import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { TokenFile } from '../../../src/server/credentials/token-file.ts'
import { type Reply, reply, replyBytes, runId, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { type App, startApp } from '../../harness/app.ts'
import { listen } from '../../harness/listen.ts'
import { freePort } from '../../harness/program.ts'
import { headerOf, talk } from '../../harness/raw-http.ts'

const secret = 'hunter2-upstream-secret'
const model = { registered_model: { name: 'fraud_acc', creation_timestamp: '1' } }
/** Answers that clients send again whatever the method. */
const replayed = [408, 429, 500, 502, 503, 504]

interface Ask {
  readonly method: string
  readonly path: string
  readonly body?: string
}

const read: Ask = { method: 'GET', path: '/api/2.0/mlflow/registered-models/get?name=fraud' }
const create: Ask = { method: 'POST', path: '/api/2.0/mlflow/registered-models/create', body: '{"name":"fraud"}' }
const tag: Ask = {
  method: 'POST',
  path: '/api/2.0/mlflow/registered-models/set-tag',
  body: '{"name":"fraud","key":"owner","value":"me"}',
}
const artifact = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/model.bin`
const download: Ask = { method: 'GET', path: artifact }
const upload: Ask = { method: 'PUT', path: artifact, body: 'bytes' }

const upstream = await startFakeUpstream()
const app = await startApp({ upstream: upstream.url })
t.teardown(async () => {
  await app.close()
  await upstream.close()
})
await ask(read) // the default experiment is known from here on

async function ask({ method, path, body }: Ask, headers: Record<string, string> = {}, to: App = app) {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const authorization = { authorization: `Bearer ${to.token}` }
  const response = await fetch(to.url + path, {
    method,
    headers: { ...type, ...authorization, ...headers },
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, code: codeOf(text) }
}

function codeOf(text: string): string | null {
  try {
    const value: { error_code?: string } = JSON.parse(text)
    return value.error_code ?? null
  } catch {
    return null
  }
}

/** The audit line of a request; it is written when the connection has been dealt with, which may be after the answer. */
async function auditOf(requestId: string | null, of: App = app): Promise<Record<string, unknown>> {
  for (let tries = 0; tries < 50; tries++) {
    const found = of.lines().filter((line) => line.audit === true && line.requestId === requestId)
    if (found.length === 1) return found[0] ?? {}
    if (found.length > 1) throw new Error('two audit lines of one request')
    await sleep(10)
  }
  throw new Error(`no audit line of ${requestId}`)
}

const html = `<html><title>${secret}</title></html>`
const long = 'x'.repeat(100)

interface Case {
  readonly name: string
  readonly answer: Reply
  /** Status and error code that each kind of request ends with. */
  readonly read: readonly [number, string | null]
  readonly create: readonly [number, string | null]
  readonly tag?: readonly [number, string | null]
  readonly download?: readonly [number, string | null]
  readonly upload?: readonly [number, string | null]
  /** How often upstream is asked for a read, where not once. */
  readonly reads?: number
}

const unknown = [501, 'INTERNAL_ERROR'] as const
const unsure = [409, 'BAD_REQUEST'] as const
const later = [503, 'TEMPORARILY_UNAVAILABLE'] as const
const noEndpoint = [404, 'ENDPOINT_NOT_FOUND'] as const
const mlflowError = (code: string) => ({ error_code: code, message: `the message ${code}`, stack: secret })

const cases: readonly Case[] = [
  { name: '200 with HTML', answer: reply(200, html, { 'content-type': 'text/html' }), read: unknown, create: unknown },
  { name: '200 with a JSON array', answer: reply(200, [model]), read: unknown, create: unknown },
  { name: '200 with a JSON text', answer: reply(200, JSON.stringify(secret)), read: unknown, create: unknown },
  { name: '200 with nothing', answer: reply(200, ''), read: unknown, create: unknown },
  {
    name: '200 with half of the JSON',
    answer: reply(200, `{"registered_model":{"name":"${secret}`),
    read: unknown,
    create: unknown,
  },
  { name: '200 with a wrong type', answer: reply(200, { registered_model: [secret] }), read: unknown, create: unknown },
  {
    name: '200 with a name of nobody',
    answer: reply(200, { registered_model: { name: secret } }),
    read: unknown,
    create: unknown,
  },
  {
    name: '200 with bytes of gzip',
    answer: reply(200, model, { 'content-encoding': 'gzip' }),
    read: [200, null],
    create: [200, null],
    download: unknown,
    upload: unknown,
  },
  { name: '201', answer: reply(201, model), read: unknown, create: unknown, download: unknown, upload: unknown },
  {
    name: '302 elsewhere',
    answer: reply(302, mlflowError('INTERNAL_ERROR'), { location: `http://evil.example/${secret}` }),
    read: unknown,
    create: unknown,
    download: unknown,
    upload: unknown,
  },
  { name: '304', answer: reply(304, ''), read: unknown, create: unknown, download: unknown, upload: unknown },
  {
    name: '400 of MLflow',
    answer: reply(400, mlflowError('INVALID_PARAMETER_VALUE')),
    read: [400, 'INVALID_PARAMETER_VALUE'],
    create: [400, 'INVALID_PARAMETER_VALUE'],
    download: [400, 'INVALID_PARAMETER_VALUE'],
    upload: [400, 'INVALID_PARAMETER_VALUE'],
  },
  { name: '400 with HTML', answer: reply(400, html), read: unknown, create: unknown, download: unknown, upload: unknown },
  {
    name: '401',
    answer: reply(401, mlflowError('UNAUTHENTICATED'), { 'www-authenticate': `Basic realm="${secret}"` }),
    read: unknown,
    create: unknown,
    download: unknown,
    upload: unknown,
  },
  {
    name: '403',
    answer: reply(403, mlflowError('PERMISSION_DENIED')),
    read: unknown,
    create: unknown,
    download: unknown,
    upload: unknown,
  },
  {
    name: '404 of MLflow',
    answer: reply(404, mlflowError('RESOURCE_DOES_NOT_EXIST')),
    read: [404, 'RESOURCE_DOES_NOT_EXIST'],
    create: [404, 'RESOURCE_DOES_NOT_EXIST'],
    download: [404, 'RESOURCE_DOES_NOT_EXIST'],
  },
  {
    name: '404 with HTML',
    answer: reply(404, html),
    read: noEndpoint,
    create: noEndpoint,
    download: noEndpoint,
    upload: noEndpoint,
  },
  { name: '405 with HTML', answer: reply(405, html), read: noEndpoint, create: noEndpoint },
  {
    name: '500 of MLflow',
    answer: reply(500, mlflowError('INTERNAL_ERROR')),
    read: [500, 'INTERNAL_ERROR'],
    create: [500, 'INTERNAL_ERROR'],
    download: [500, 'INTERNAL_ERROR'],
  },
  { name: '500 with HTML', answer: reply(500, html), read: later, create: unsure, tag: later, download: later, upload: later },
  { name: '502 of a gateway', answer: reply(502, html), read: later, create: unsure, tag: later, download: later, upload: later },
  {
    name: '599 with JSON',
    answer: reply(599, mlflowError('INTERNAL_ERROR')),
    read: [599, 'INTERNAL_ERROR'],
    create: [599, 'INTERNAL_ERROR'],
  },
  {
    name: 'a reset without an answer',
    answer: replyBytes('', true),
    read: later,
    create: unsure,
    tag: later,
    download: later,
    upload: later,
    reads: 2,
  },
  {
    name: 'an end without an answer',
    answer: replyBytes(''),
    read: later,
    create: unsure,
    tag: later,
    download: later,
    upload: later,
    reads: 2,
  },
  {
    name: 'a reset in the answer',
    answer: replyBytes('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"regis', true),
    read: later,
    create: unsure,
    tag: later,
  },
  {
    name: 'an end in the answer',
    answer: replyBytes('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"regis'),
    read: later,
    create: unsure,
    tag: later,
  },
  {
    name: 'a broken chunk',
    answer: replyBytes('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"r'),
    read: later,
    create: unsure,
  },
  {
    name: 'no HTTP',
    answer: replyBytes(`SSH-2.0-${secret}\r\n`),
    read: unknown,
    create: unsure,
    download: unknown,
    upload: unknown,
    reads: 2,
  },
  {
    name: 'a status without meaning',
    answer: replyBytes('HTTP/1.1 999 ?\r\ncontent-length: 2\r\n\r\n{}'),
    read: later,
    create: unsure,
  },
  {
    name: 'headers of 20 KiB',
    answer: replyBytes(`HTTP/1.1 200 OK\r\nx: ${long.repeat(205)}\r\ncontent-length: 2\r\n\r\n{}`),
    read: unknown,
    create: unsure,
    download: unknown,
    upload: unknown,
    reads: 2,
  },
  {
    name: 'two lengths',
    answer: replyBytes('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}}'),
    read: later,
    create: unsure,
    download: later,
    reads: 2,
  },
  {
    name: 'an answer that ends with its connection',
    answer: replyBytes(`HTTP/1.1 200 OK\r\n\r\n${JSON.stringify(model)}`),
    read: [200, null],
    create: [200, null],
    download: unknown,
  },
]

async function check(t: Test, { name, answer, ...wanted }: Case, kind: keyof typeof kinds): Promise<void> {
  const want = wanted[kind]
  if (want === undefined) return
  upstream.answer = answer
  upstream.received.length = 0
  const got = await ask(kinds[kind])
  const title = `${name}: ${kind}`
  t.same([got.status, got.code], want, title)
  const reads = kind === 'read' ? (wanted.reads ?? 1) : 1
  t.equal(upstream.received.length, reads, `${title}: asked ${reads} times`)
  t.equal(got.headers.get('retry-after'), got.status === 503 ? '1' : null, `${title}: Retry-After goes with 503`)
  for (const header of ['location', 'www-authenticate', 'set-cookie', 'content-encoding'])
    t.equal(got.headers.get(header), null, `${title}: no ${header}`)
  t.notMatch(got.text, secret, `${title}: nothing of the upstream's own`)
  if (kind === 'create' && name !== '500 of MLflow') t.notOk(replayed.includes(got.status), `${title}: no client sends it again`)
  const line = await auditOf(got.headers.get('x-request-id'))
  t.match(line, { decision: 'allow', status: got.status, complete: true }, `${title}: the audit line`)
  t.equal(line.reason === null, got.status === 200, `${title}: the audit line has a reason`)
  const warned = app.lines().some((entry) => entry.requestId === line.requestId && entry.level === 40)
  if (['unknown-answer', 'upstream-unavailable', 'outcome-unknown'].includes(String(line.reason)))
    t.ok(warned, `${title}: the log says what happened`)
}

const kinds = { read, create, tag, download, upload } as const

t.test("whatever comes from upstream, the client gets an answer of MLflow's form and nothing of the upstream", async (t) => {
  for (const example of cases)
    for (const kind of ['read', 'create', 'tag', 'download', 'upload'] as const) await check(t, example, kind)
  t.notMatch(app.logs(), secret, 'nothing of the answers is logged either')
})

t.test('an endless answer is given up', async (t) => {
  let closed = false
  let runScenarios = () => {}
  const told = new Promise<void>((resolve) => {
    runScenarios = resolve
  })
  upstream.answer = (_request, response) => {
    const chunk = Buffer.alloc(1024 * 1024, 0x20)
    const more = () => {
      while (!closed && response.write(chunk));
      response.once('drain', more)
    }
    response.once('close', () => {
      closed = true
      runScenarios()
    })
    more()
  }
  const got = await ask(read)
  t.same([got.status, got.code], unknown)
  await told
  t.ok(closed, 'and upstream is told')
})

t.test('interim answers are no answers', async (t) => {
  const text = JSON.stringify(model)
  upstream.answer = replyBytes(
    `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  )
  for (const asked of [read, download]) t.equal((await ask(asked)).status, 200, asked.path)
})

t.test("a surplus answer on the connection is nobody's", async (t) => {
  const first = JSON.stringify(model)
  const second = JSON.stringify({ registered_model: { name: 'stolen_acc' } })
  const answer = (text: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`
  upstream.answer = replyBytes(answer(first) + answer(second))
  t.match((await ask(read)).text, 'fraud')
  upstream.answer = reply(200, model)
  t.match((await ask(read)).text, 'fraud', 'the next request has an answer of its own')
})

t.test("of an answer's headers only those of the artifact go on, and those of the proxy are added", async (t) => {
  upstream.answer = reply(200, 'the bytes', {
    'content-type': 'text/html',
    'content-disposition': 'attachment; filename=model.bin',
    'set-cookie': `session=${secret}`,
    server: secret,
    'x-request-id': secret,
    'access-control-allow-origin': '*',
    'x-powered-by': secret,
    'strict-transport-security': 'max-age=1',
    'cache-control': 'public',
    refresh: '0; url=http://evil.example',
    link: '</x>; rel=preload',
  })
  const { headers, text } = await ask(download)
  t.equal(text, 'the bytes')
  const own = [
    'cache-control',
    'connection',
    'content-security-policy',
    'cross-origin-resource-policy',
    'date',
    'keep-alive',
    'transfer-encoding',
    'x-content-type-options',
    'x-request-id',
  ]
  t.same([...headers.keys()].sort(), [...own, 'content-disposition', 'content-type'].sort())
  t.notMatch([...headers.values()].join('\n'), secret)
  t.match(headers.get('x-request-id'), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  t.match(headers.get('content-security-policy'), /^sandbox; default-src 'none'/, 'a page among the artifacts runs nothing')
  t.equal(headers.get('cache-control'), 'no-store')
})

t.test("of a request's headers none goes up, but what a download is asked for with", async (t) => {
  upstream.answer = reply(200, model)
  const lines = [
    `Authorization: Bearer ${app.token}`,
    `Cookie: session=${secret}`,
    'X-Forwarded-For: 10.0.0.1',
    'X-Forwarded-User: root',
    'X_Forwarded_User: root',
    'Forwarded: for=10.0.0.1',
    'X-MLFLOW-WORKSPACE: prod',
    'X-Databricks-Org-Id: 1',
    'User-Agent: evil',
    'Referer: http://evil.example',
    'Origin: http://proxy.example',
    'X-HTTP-Method-Override: DELETE',
    'Range: bytes=0-1',
    'If-None-Match: "x"',
    'Accept-Encoding: gzip',
    'Upgrade: websocket',
    'TE: trailers',
    'Keep-Alive: timeout=1000',
    'Proxy-Authorization: Basic eDp5',
    'X-Request-Id: mine',
    'Connection: keep-alive, x-secret, content-type, authorization',
    'X-Secret: 1',
  ]
  for (const { method, path, body = '' } of [read, create, download, upload]) {
    upstream.received.length = 0
    const own = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]
    const bytes = `${method} ${path} HTTP/1.1\r\nHost: proxy.example\r\n${[...lines, ...own].join('\r\n')}\r\n\r\n${body}`
    const [answer] = (await talk(app.url, bytes, { methods: [method] })).answers
    t.equal(answer?.status, 200, `${method} is answered`)
    t.not(answer && headerOf(answer, 'x-request-id'), 'mine', "the request id is the proxy's")
    const [{ rawHeaders } = { rawHeaders: [] }] = upstream.received
    const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
    const expected = [
      'host',
      'connection',
      ...(path.includes('artifacts') ? [] : ['accept']),
      ...(body === '' ? [] : ['content-length']),
      ...(method === download.method && path === download.path ? ['range', 'if-none-match'] : []),
    ]
    t.same(names.filter((name) => name !== 'content-type').sort(), expected.sort(), `${method} ${path}: ${names}`)
    t.equal(
      rawHeaders[rawHeaders.findIndex((name) => name.toLowerCase() === 'host') + 1],
      new URL(upstream.url).host,
      'its own Host',
    )
    t.notMatch(rawHeaders.join('\n'), /evil|root|prod|hunter2|eyJ/)
  }
})

t.test('a refused connection is 503 with Retry-After for everything: nothing was sent', async (t) => {
  const dead = await startApp({ upstream: `http://127.0.0.1:${await freePort()}` })
  t.teardown(() => dead.close())
  for (const asked of [read, create, tag, download, upload]) {
    const got = await ask(asked, {}, dead)
    t.same([got.status, got.code, got.headers.get('retry-after')], [...later, '1'], `${asked.method} ${asked.path}`)
    const line = await auditOf(got.headers.get('x-request-id'), dead)
    t.match(line, { decision: 'none', reason: 'upstream-unavailable', upstreamStatus: null })
  }
  t.notMatch((await ask(read, {}, dead)).text, /127\.0\.0\.1|ECONN/, 'the address of the upstream is not told')
  t.match(dead.logs(), /ECONNREFUSED/, 'but logged')
})

t.test('an upstream that comes back is used at once', async (t) => {
  const port = await freePort()
  const back = await startApp({ upstream: `http://127.0.0.1:${port}` })
  t.teardown(() => back.close())
  t.equal((await ask(read, {}, back)).status, 503)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    const text = JSON.stringify({ experiment: { experiment_id: '7', name: '/experiments/acc/Default' }, ...model })
    socket.on('data', () => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`))
  })
  await listen(server, port)
  t.teardown(() => void server.close())
  t.equal((await ask(read, {}, back)).status, 200)
})

const tokens = { first: 'token-1-first', second: 'token-2-second' }

function authorizationOf(index = -1): string | null {
  const { rawHeaders = [] } = upstream.received.at(index) ?? {}
  const values = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'authorization')
  return values.length > 1 ? 'several' : (values[0] ?? null)
}

t.test("mode passthrough: MLflow is asked with the caller's own token, and its 401 and 403 are for the caller", async (t) => {
  const through = await startApp({ upstream: upstream.url, credentials: { mode: 'passthrough' } })
  t.teardown(() => through.close())
  upstream.answer = reply(200, model)
  for (const asked of [read, create, download, upload]) {
    t.equal((await ask(asked, {}, through)).status, 200)
    t.equal(authorizationOf(), `Bearer ${through.token}`, `${asked.method} ${asked.path}`)
  }
  upstream.answer = reply(401, mlflowError('UNAUTHENTICATED'))
  for (const asked of [read, create, download, upload]) {
    const got = await ask(asked, {}, through)
    t.same([got.status, got.code, got.headers.get('www-authenticate')], [401, 'CUSTOMER_UNAUTHORIZED', 'Bearer'], asked.method)
  }
  upstream.answer = reply(403, mlflowError('PERMISSION_DENIED'))
  for (const asked of [read, create, download, upload]) {
    const got = await ask(asked, {}, through)
    t.same([got.status, got.code], [403, 'PERMISSION_DENIED'], asked.method)
  }
  t.notMatch(through.logs(), through.token, 'no token is logged')
})

t.test('mode token: MLflow is asked with the token of the file, as it is now', async (t) => {
  const folder = t.testdir({ token: `${tokens.first}\n` })
  const file = join(folder, 'token')
  const own = await startApp({ upstream: upstream.url, credentials: { mode: 'token', file } })
  t.teardown(() => own.close())
  upstream.answer = reply(200, model)
  const uses = async (token: string, message: string) => {
    for (const asked of [read, create, download, upload]) {
      t.equal((await ask(asked, {}, own)).status, 200)
      t.equal(authorizationOf(), `Bearer ${token}`, `${asked.method}: ${message}`)
    }
  }
  await uses(tokens.first, 'the first token')
  writeFileSync(join(folder, 'new'), tokens.second)
  renameSync(join(folder, 'new'), file)
  await sleep(1_100)
  await uses(tokens.second, 'the second one after a second')
  writeFileSync(file, '')
  await sleep(1_100)
  await uses(tokens.second, 'the last good one while the file is empty')
  rmSync(file)
  await sleep(1_100)
  await uses(tokens.second, 'and while it is absent')
  t.match(own.logs(), /could not be read/, 'which the log says')
  t.notMatch(own.logs(), /token-[12]/, 'and no token')
  for (const status of [401, 403]) {
    upstream.answer = reply(status, mlflowError('PERMISSION_DENIED'))
    for (const asked of [read, create, download]) {
      t.same(
        (({ status, code }) => [status, code])(await ask(asked, {}, own)),
        unknown,
        `${status}: the caller can do nothing about it`,
      )
    }
  }
})

t.test('law: a token file is read once a second at most, and together', async (t) => {
  const folder = t.testdir({})
  const file = join(folder, 'token')
  const warnings: unknown[] = []
  let now = 0
  const source = new TokenFile(file, { warn: (about: unknown) => warnings.push(about) }, () => now)
  const refused = /cannot read its credentials/
  await t.rejects(Promise.all([source.read(), source.read()]), { message: refused }, 'no file: nothing is sent')
  writeFileSync(file, tokens.first)
  await t.rejects(source.read(), { message: refused }, 'within the second nobody looks')
  now += 1_000
  t.same(await Promise.all([source.read(), source.read()]), [tokens.first, tokens.first])
  writeFileSync(file, tokens.second)
  now += 999
  t.equal(await source.read(), tokens.first)
  now += 1
  t.equal(await source.read(), tokens.second)
  writeFileSync(file, 'two words')
  for (let round = 0; round < 3; round++) {
    now += 1_000
    t.equal(await source.read(), tokens.second)
  }
  t.equal(warnings.length, 2, 'one warning for the absent file and one for the bad token')
})

t.end()
