import t from 'tap'
import { TookTooLong } from '../../../src/server/upstream/time-limit.ts'
import { transportRefusal } from '../../../src/server/upstream/transport-errors.ts'
import { runId, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startApp } from '../../harness/app.ts'

const upstream = await startFakeUpstream()
/** Milliseconds, each another one: an answer says which it was. */
const limits = { connect: 1_000, answer: 300, download: 400, upload: 500, model: 600, pause: 5_000 }
const app = await startApp({ upstream: upstream.url, upstreamTimeouts: limits })
t.teardown(async () => {
  await app.close()
  await upstream.close()
})

const artifact = `/api/2.0/mlflow-artifacts/artifacts/7/${runId}/artifacts/model.bin`
const headers = { authorization: `Bearer ${app.token}` }

async function ask(method: string, path: string, body?: string) {
  upstream.received.length = 0
  const type = method === 'POST' ? { 'content-type': 'application/json' } : {}
  const answer = await fetch(`${app.url}${path}`, {
    method,
    headers: { ...headers, ...type },
    ...(body === undefined ? {} : { body }),
  })
  return {
    status: answer.status,
    text: await answer.text(),
    sent: upstream.received.length,
    again: answer.headers.get('retry-after'),
  }
}

t.test('what takes too long is answered by its own limit, which is named; nothing is sent twice', async (t) => {
  upstream.answer = () => undefined
  const cases = [
    ['a read', 'GET', '/api/2.0/mlflow/registered-models/get?name=fraud', undefined, 503, 'answerSeconds, 0.3 s'],
    ['a change', 'POST', '/api/2.0/mlflow/registered-models/create', '{"name":"fraud"}', 409, 'answerSeconds, 0.3 s'],
    ['a download', 'GET', artifact, undefined, 503, 'downloadSeconds, 0.4 s'],
    ['a preview', 'GET', `/get-artifact?run_id=${runId}&path=model.bin`, undefined, 503, 'downloadSeconds, 0.4 s'],
    ['an upload', 'PUT', artifact, 'bytes', 409, 'uploadSeconds, 0.5 s'],
  ] as const
  for (const [name, method, path, body, status, limit] of cases) {
    const got = await ask(method, path, body)
    t.same([got.status, got.sent], [status, 1], `${name}: ${got.text}`)
    t.match(got.text, `The limit is this proxy's upstream.timeouts.${limit}.`, name)
    t.equal(got.again, status === 503 ? '1' : null, `${name}: whether clients send it again by themselves`)
  }
})

t.test('progress is the measure, not the whole', async (t) => {
  upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': '6' })
    let sent = 0
    const timer = setInterval(() => {
      response.write('a')
      if (++sent < 6) return
      clearInterval(timer)
      response.end()
    }, 150)
  }
  const got = await ask('GET', artifact)
  t.same([got.status, got.text], [200, 'aaaaaa'], 'longer in all than it may take to begin')
})

t.test('an end that is no limit of the proxy’s says whose it may be', async (t) => {
  const broken = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' })
  for (const again of [true, false]) {
    const sentence = transportRefusal(broken, { again, after: 60_400 }).message
    t.match(
      sentence,
      /broke.* It ended after 60 s, which is not a limit of this proxy, but of MLflow \(such as gunicorn's --timeout\)/,
    )
    t.notMatch(transportRefusal(broken, { again, after: 400 }).message, /limit/, 'an accident')
  }
  const paused = transportRefusal(new TookTooLong('pause', 60_000), { again: true, upload: true })
  t.match(paused, {
    reason: 'outcome-unknown',
    message: /stopped reading the upload before its end\. .*upstream\.timeouts\.pauseSeconds, 60 s\./,
  })
})
