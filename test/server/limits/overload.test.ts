import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { reply, runId, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { type App, startApp } from '../../harness/app.ts'

const MiB = 2 ** 20
const share = (principal: number, waiting: number) => ({ principal, environment: principal, everybody: principal, waiting })
const upstream = await startFakeUpstream()
const app = await startApp({
  upstream: upstream.url,
  limits: { memory: '16MiB', messages: share(2, 2), bytes: share(2, 2), models: share(2, 2) },
})
t.teardown(async () => {
  await app.close()
  await upstream.close()
})

const create = '/api/2.0/mlflow/registered-models/create'
const artifact = `/api/2.0/mlflow-artifacts/artifacts/7/${runId}/artifacts/model.bin`
const model = { registered_model: { name: 'fraud_acc' } }

function head(method: string, path: string, lines: readonly string[], token: string): string {
  return `${[`${method} ${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${token}`, ...lines].join('\r\n')}\r\n\r\n`
}

/** A connection with one request, and what has come back so far. */
function open(
  t: Test,
  { port, token }: Pick<App, 'port' | 'token'>,
  method: string,
  path: string,
  body = '',
  length = body.length,
) {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  t.teardown(() => void socket.destroy())
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
  })
  socket.write(head(method, path, ['Content-Type: application/json', `Content-Length: ${length}`], token) + body)
  return { socket, text: () => text, status: () => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0) }
}

async function until(test: () => boolean, milliseconds = 8_000): Promise<boolean> {
  for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(10)) if (test()) return true
  return test()
}

t.test('a body takes the memory of its text, whatever it is called', async (t) => {
  const body = JSON.stringify({ name: 'fraud', description: 'x'.repeat(4 * MiB) })
  const update = '/api/2.0/mlflow/registered-models/update'
  const ask = async (method: string, headers: Readonly<Record<string, string>>) => {
    const authorized = { authorization: `Bearer ${app.token}`, ...headers }
    const answer = await fetch(`${app.url}${update}`, { method, headers: authorized, body })
    return { status: answer.status, text: await answer.text() }
  }
  const json = { 'content-type': 'application/json' }
  for (const headers of [
    json,
    { ...json, 'content-encoding': 'identity' },
    { ...json, 'content-encoding': 'Identity' },
    { 'content-type': 'application/x-protobuf' },
    { 'content-type': 'application/json; x=protobuf' },
  ])
    t.match(await ask('PATCH', headers), { status: 413, text: /needs more memory/ }, JSON.stringify(headers))
})

t.test('so does the body of a call to a model', async (t) => {
  const body = JSON.stringify({ model: 'chat', input: 'x'.repeat(4 * MiB) })
  const headers = { authorization: `Bearer ${app.token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${app.url}/gateway/openai/v1/embeddings`, { method: 'POST', headers, body })
  t.match({ status: answer.status, text: await answer.text() }, { status: 413, text: /needs more memory/ })
})

/** An upstream that answers when it is told to. */
function holdAnswers(): () => void {
  const held: (() => void)[] = []
  upstream.received.length = 0
  upstream.answer = (asked, response) => void held.push(() => reply(200, model)(asked, response))
  return () => {
    upstream.answer = reply(200, model)
    for (const answer of held.splice(0)) answer()
  }
}

t.beforeEach(() => {
  upstream.received.length = 0
})

t.test('messages and bytes beyond their share wait, and what is too much is shed with 503, unseen by MLflow', async (t) => {
  for (const [kind, method, path] of [
    ['messages', 'POST', create],
    ['bytes', 'PUT', artifact],
  ] as const) {
    const release = holdAnswers()
    const opened = Array.from({ length: 5 }, () => open(t, app, method, path, '{"name":"fraud"}'))
    t.ok(await until(() => opened.some(({ status }) => status() === 503)), `${kind}: the fifth is shed at once`)
    const shed = opened.filter(({ status }) => status() === 503)
    t.equal(shed.length, 1)
    t.match(
      shed[0]?.text(),
      /\r\nretry-after: 1\r\n[\s\S]*"error_code":"TEMPORARILY_UNAVAILABLE","message":"Too many requests are already waiting\. Try again shortly\."/,
    )
    t.ok(await until(() => app.lines().some((line) => line.audit === true && line.reason === 'overloaded')), 'audited')
    t.match(
      app.lines().findLast(({ reason }) => reason === 'overloaded'),
      { status: 503, upstreamStatus: null, decision: 'none' },
    )
    release()
    t.ok(
      await until(() => opened.filter(({ status }) => status() === 200).length === 4),
      `${kind}: the others are served in turn`,
    )
    await sleep(20)
    t.equal(upstream.received.length, 4, 'the shed one was not sent')
    for (const { socket } of opened) socket.destroy()
    await sleep(20)
  }
})

t.test('whoever waits and goes away leaves the queue, and is never sent', async (t) => {
  const release = holdAnswers()
  const served = [1, 2].map(() => open(t, app, 'POST', create, '{"name":"fraud"}'))
  await sleep(100)
  for (let round = 0; round < 5; round++) {
    const waiting = [1, 2].map(() => open(t, app, 'POST', create, '{"name":"fraud"}'))
    await sleep(50)
    t.same(
      waiting.map(({ status }) => status()),
      [0, 0],
      'both have places in the queue',
    )
    for (const { socket } of waiting) socket.resetAndDestroy()
    await sleep(50)
  }
  release()
  t.ok(await until(() => served.every(({ status }) => status() === 200)))
  await sleep(50)
  t.equal(upstream.received.length, 2)
  const next = open(t, app, 'POST', create, '{"name":"fraud"}')
  t.ok(await until(() => next.status() === 200), 'and every place is free again')
})

t.test('whoever shows no token takes no share', async (t) => {
  const release = holdAnswers()
  const nobody = Array.from({ length: 10 }, () => open(t, { port: app.port, token: 'x' }, 'POST', create, '{"name":'))
  t.ok(await until(() => nobody.every(({ status }) => status() === 401)))
  const served = [1, 2].map(() => open(t, app, 'POST', create, '{"name":"fraud"}'))
  await sleep(50)
  release()
  t.ok(await until(() => served.every(({ status }) => status() === 200)))
})

t.test('bodies that others hold open are in the way of no small one, and give way to a large one', async (t) => {
  upstream.answer = reply(200, model)
  const half = `{"name":"fraud","description":"${'x'.repeat(2 * MiB)}`
  const held = Array.from({ length: 6 }, () => open(t, app, 'POST', create, half, 3 * MiB))
  await sleep(200)
  const small = open(t, app, 'POST', create, '{"name":"fraud"}')
  t.ok(await until(() => small.status() === 200), 'a small message passes')
  await sleep(5_200)
  const large = open(t, app, 'POST', create, `${half}"}`)
  t.ok(await until(() => large.status() !== 0, 7_000))
  t.equal(large.status(), 200, large.text().slice(0, 300))
  t.ok(
    held.some(({ status }) => status() === 503),
    'a body that took too long was shed',
  )
})

t.test('a body or an answer that never fits is refused by its size', async (t) => {
  const body = open(t, app, 'POST', create, `{"name":"fraud","description":"${'x'.repeat(4 * MiB)}"}`)
  t.ok(await until(() => body.status() !== 0))
  t.match(body.text(), /^HTTP\/1\.1 413 [\s\S]*Send less at once/)
  upstream.answer = reply(200, { runs: [{ info: { run_id: runId, experiment_id: '7', run_name: 'x'.repeat(5 * MiB) } }] })
  const rows = open(t, app, 'POST', '/api/2.0/mlflow/runs/search', '{"experiment_ids":["7"]}')
  t.ok(await until(() => rows.status() !== 0))
  t.match(rows.text(), /^HTTP\/1\.1 501 [\s\S]*Request fewer rows/)
})

t.end()
