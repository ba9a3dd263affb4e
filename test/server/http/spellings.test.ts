import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { reply, runId, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startApp } from '../../harness/app.ts'
import { headerOf, talk } from '../../harness/raw-http.ts'

const upstream = await startFakeUpstream()
const app = await startApp({ upstream: upstream.url })
t.teardown(async () => {
  await app.close()
  await upstream.close()
})

const api = '/api/2.0/mlflow/registered-models/get?name=fraud'
const artifact = `/api/2.0/mlflow-artifacts/artifacts/7/${runId}/artifacts/model.bin`
const host = 'Host: proxy.example'
const bearer = `Authorization: Bearer ${app.token}`

function message(line: string, headers: readonly string[], body = ''): string {
  return `${[line, ...headers].join('\r\n')}\r\n\r\n${body}`
}

/** The whole exchange that some bytes cause; `heard` is what arrives upstream. */
async function runScenarios(bytes: string, expected = 1) {
  upstream.received.length = 0
  const { answers, closed, surplus } = await talk(app.url, bytes, { expected })
  const [answer] = answers
  const heard = upstream.received.map(({ method, url }) => `${method} ${url}`)
  return { answers, answer, closed, surplus, heard, text: answer?.body.toString() ?? '' }
}

/** A request whose meaning does not depend on its spelling. */
async function served(t: Test, bytes: string, heard: string, name: string): Promise<void> {
  const got = await runScenarios(bytes)
  t.equal(got.answer?.status, 200, `${name}: ${got.text.slice(0, 200)}`)
  t.same(got.heard, [heard], `${name}: as MLflow has it`)
}

const asked = 'GET /api/2.0/mlflow/registered-models/get?name=fraud_acc'

t.test('HTTP/1.0, as nginx speaks it to what is behind it', async (t) => {
  upstream.answer = reply(200, { registered_model: { name: 'fraud_acc' } })
  for (const [name, headers] of Object.entries({
    'without a host': [bearer],
    'with a host': [host, bearer],
    'kept alive': [host, bearer, 'Connection: keep-alive'],
    'kept alive in another case': [bearer, 'Connection: Keep-Alive, TE', 'TE: chunked'],
    closed: [host, bearer, 'Connection: close'],
  })) {
    const got = await runScenarios(message(`GET ${api} HTTP/1.0`, headers), 0)
    t.equal(got.answer?.status, 200, name)
    t.same(got.heard, [asked], name)
    t.equal(got.answer && headerOf(got.answer, 'content-length'), String(got.text.length), `${name}: its length is told`)
    t.equal(got.answer && headerOf(got.answer, 'transfer-encoding'), null, `${name}: not in chunks`)
    t.ok(got.closed, `${name}: the connection ends`)
  }
  const body = '{"name":"fraud"}'
  const post = message(
    'POST /api/2.0/mlflow/registered-models/create HTTP/1.0',
    [host, bearer, 'Content-Type: application/json', `Content-Length: ${body.length}`],
    body,
  )
  await served(t, post, 'POST /api/2.0/mlflow/registered-models/create', 'with a body')
  t.equal((await runScenarios(message('GET /health HTTP/1.0', []))).text, 'OK', 'the probe of a load balancer')
})

t.test('HTTP/1.0 answers without a length end with the connection; half of one with a reset', async (t) => {
  const chunked = (broken: boolean) => {
    upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' })
      response.write('0123456789')
      setTimeout(() => (broken ? response.destroy() : response.end('abc')), 30)
    }
  }
  chunked(false)
  const whole = await runScenarios(message(`GET ${artifact} HTTP/1.0`, [bearer, 'TE: chunked', 'Connection: keep-alive']), 0)
  t.equal(whole.text, '0123456789abc')
  t.equal(whole.answer && headerOf(whole.answer, 'transfer-encoding'), null)
  chunked(true)
  const ended = await new Promise<string>((resolve) => {
    const socket = connect(app.port, '127.0.0.1', () => socket.write(message(`GET ${artifact} HTTP/1.0`, [bearer])))
    socket.resume().once('error', (error) => resolve('code' in error ? String(error.code) : 'an error'))
    socket.once('end', () => resolve('an orderly end'))
  })
  t.equal(ended, 'ECONNRESET', 'nobody takes it for the whole')
})

t.test('HTTP/1.0 has one request per connection, and its body must have a length', async (t) => {
  const second = message(`GET ${api}2 HTTP/1.1`, [host, bearer])
  upstream.answer = reply(200, { registered_model: { name: 'fraud_acc' } })
  const refused: Readonly<Record<string, string>> = {
    chunks: message(
      'POST /api/2.0/mlflow/registered-models/create HTTP/1.0',
      [bearer, 'Content-Type: application/json', 'Transfer-Encoding: chunked'],
      '10\r\n{"name":"fraud"}\r\n0\r\n\r\n',
    ),
    'a coding that is none': message(`GET ${api} HTTP/1.0`, [bearer, 'Transfer-Encoding: identity']),
    'two lengths': message(
      'POST /api/2.0/mlflow/registered-models/create HTTP/1.0',
      [bearer, 'Content-Length: 1', 'Content-Length: 2'],
      'ab',
    ),
    'a length and chunks': message(
      'POST /api/2.0/mlflow/registered-models/create HTTP/1.0',
      [bearer, 'Content-Length: 1', 'Transfer-Encoding: chunked'],
      '0\r\n\r\n',
    ),
    'a version of nobody': message(`GET ${api} HTTP/1.2`, [host, bearer]),
    'the version 0.9': message(`GET ${api} HTTP/0.9`, [host, bearer]),
  }
  for (const [name, bytes] of Object.entries(refused)) {
    const got = await runScenarios(bytes + second, 0)
    t.same([got.answers.length, got.answer?.status, got.heard], [1, 400, []], `${name}: refused, and nothing after it is read`)
  }
  for (const connection of ['keep-alive', 'close']) {
    const got = await runScenarios(message(`GET ${api} HTTP/1.0`, [bearer, `Connection: ${connection}`]) + second, 0)
    await sleep(20)
    t.same([got.answers.length, got.heard], [1, [asked]], `${connection}: what comes behind is no request`)
  }
  const bodiless = message('POST /api/2.0/mlflow/registered-models/create HTTP/1.0', [bearer, 'Content-Type: application/json'])
  const got = await runScenarios(bodiless + second, 0)
  t.same([got.answers.length, got.heard], [1, []], 'a body without a length is none, and no request either')
})

t.test('two slashes right after the address, as clients join them', async (t) => {
  upstream.answer = reply(200, { registered_model: { name: 'fraud_acc' } })
  const get = (target: string, headers = [host, bearer]) => message(`GET ${target} HTTP/1.1`, headers)
  await served(t, get(`/${api}`), asked, 'the API')
  await served(t, get(`/${api.replace('/api/', '/ajax-api/')}`), asked, 'the API of the UI')
  await served(t, get(`/env/acc/${api}`), asked, 'after the environment')
  await served(t, get(`//env/acc/${api}`), asked, 'at both places')
  await served(t, get(`/${artifact}`), `GET ${artifact}`, 'an artifact')
  await served(t, get('//static-files/main.js'), 'GET /static-files/main.js', 'a file of the UI')
  await served(t, get('//'), 'GET /', 'the UI')
  await served(t, get('/env/acc//'), 'GET /', 'the UI of an environment')
  t.equal((await runScenarios(get('//health', [host]))).text, 'OK')
  t.equal((await runScenarios(get('/env/acc//-/whoami'))).answer?.status, 200)
  const put = await runScenarios(message(`PUT /${artifact} HTTP/1.1`, [host, bearer, 'Content-Length: 3'], 'abc'))
  t.same([put.answer?.status, put.heard], [200, [`PUT ${artifact}`]], 'an upload')
})

t.test('any other doubled slash is refused, and what cannot have been meant says where to look', async (t) => {
  const wrong = [
    '///health',
    '/env//health',
    '/env/acc///health',
    '/api//2.0/mlflow/registered-models/get',
    '/api/2.0//mlflow/registered-models/get',
    `${artifact}//x`,
    '/x//health',
    '//x//health',
    '/../health',
  ]
  for (const target of wrong) {
    const got = await runScenarios(message(`GET ${target} HTTP/1.1`, [host, bearer]))
    t.same([got.answer?.status, got.heard], [400, []], target)
    t.match(got.text, /tracking URI/, target)
  }
  const unknown = [
    '/mlflow/api/2.0/mlflow/registered-models/get',
    '/api/2.0/mlflow/api/2.0/mlflow/runs/get',
    '//proxy.example/api/2.0/mlflow/runs/get',
    '/env/acc/ui/ajax-api/2.0/mlflow/runs/get',
  ]
  for (const target of unknown) {
    const got = await runScenarios(message(`GET ${target} HTTP/1.1`, [host, bearer]))
    t.same([got.answer?.status, got.heard], [404, []], target)
    t.match(got.text, /tracking URI/, target)
  }
  const reading = 'Accept: text/html,application/xhtml+xml'
  const page = await runScenarios(message('GET /%zz HTTP/1.1', [host, bearer, reading]))
  t.same([page.answer?.status, page.heard], [400, []], 'an address that the framework itself cannot read')
  t.match(page.text, /<html/, 'a browser gets a page there, too')
  for (const target of ['/env', '/env/', '/env/?x=1'])
    t.equal((await runScenarios(message(`GET ${target} HTTP/1.1`, [host, bearer]))).answer?.status, 404, target)
  t.notMatch((await runScenarios(message('GET /env/acc/api/2.0/mlflow/nothing HTTP/1.1', [host, bearer]))).text, /tracking URI/)
})

t.test('the scheme in any case, and spaces behind it', async (t) => {
  upstream.answer = reply(200, { registered_model: { name: 'fraud_acc' } })
  for (const spelling of ['Bearer  ', 'Bearer   ', 'bearer ', 'BEARER    ', 'bEaReR ']) {
    await served(
      t,
      message(`GET ${api} HTTP/1.1`, [host, `Authorization: ${spelling}${app.token}`]),
      asked,
      JSON.stringify(spelling),
    )
  }
  for (const wrong of [
    `Bearer${app.token}`,
    `Bearer\t${app.token}`,
    `Bearer ${app.token} x`,
    `Bearer ${app.token},`,
    `Bearer,${app.token}`,
    `Bearer Bearer ${app.token}`,
  ]) {
    t.equal(
      (await runScenarios(message(`GET ${api} HTTP/1.1`, [host, `Authorization: ${wrong}`]))).answer?.status,
      401,
      wrong.replace(app.token, '…'),
    )
  }
})

t.test('a preflight is answered without a token, and opens nothing', async (t) => {
  const asks = (target: string, headers: readonly string[]) =>
    runScenarios(
      message(`OPTIONS ${target} HTTP/1.1`, [
        host,
        'Access-Control-Request-Method: POST',
        'Access-Control-Request-Headers: authorization',
        ...headers,
      ]),
    )
  for (const headers of [
    [],
    ['Origin: http://proxy.example'],
    ['Origin: http://localhost:3000'],
    ['Origin: http://127.0.0.1:8888'],
  ]) {
    for (const target of [
      '/api/2.0/mlflow/experiments/search',
      '//api/2.0/mlflow/experiments/search',
      '/env/acc/api/2.0/mlflow/experiments/search',
    ]) {
      const { answer, heard } = await asks(target, headers)
      t.same([answer?.status, heard], [204, []], `${target} ${headers}`)
      t.equal(answer && headerOf(answer, 'allow'), 'GET, HEAD, POST, OPTIONS')
      t.same(
        answer?.headers.filter(([name]) => name.startsWith('access-control-')),
        [],
        'no page of another origin is let in',
      )
    }
    t.equal((await asks('/nothing', headers)).answer?.status, 404)
  }
  for (const origin of [
    'https://evil.example',
    'null',
    'http://localhost.evil.example',
    'http://localhost:1@evil.example',
    'http://proxy.example.evil',
  ]) {
    t.equal((await asks('/api/2.0/mlflow/experiments/search', [`Origin: ${origin}`])).answer?.status, 400, `${origin}: as MLflow`)
  }
  const plain = await runScenarios(message('OPTIONS /api/2.0/mlflow/experiments/search HTTP/1.1', [host, bearer]))
  t.equal(plain.answer?.status, 400, 'OPTIONS that is no preflight is not served')
  const bodied = await runScenarios(
    message('OPTIONS /health HTTP/1.1', [host, 'Access-Control-Request-Method: POST', 'Content-Length: 3'], 'abc'),
  )
  t.equal(bodied.answer?.status, 400)
})
