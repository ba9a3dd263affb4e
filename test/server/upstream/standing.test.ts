import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { UpstreamWatch } from '../../../src/server/upstream/standing.ts'
import { Upstream } from '../../../src/server/upstream/upstream.ts'
import { reply, startFakeUpstream } from '../../fakes/fake-upstream.ts'

const fake = await startFakeUpstream()
t.teardown(() => fake.close())

/** What the watch says after its first look at an upstream. */
async function firstConcern(config: ConstructorParameters<typeof Upstream>[0]): Promise<string | null> {
  const upstream = new Upstream(config)
  const watch = new UpstreamWatch(upstream, ['acc', 'preprod', 'prod'], config.credentialsOf)
  t.equal(watch.concern(), null, 'nothing is known yet')
  await watch.looking
  const concern = watch.concern()
  await upstream.close()
  return concern
}

t.test('the watch knows which of upstream and credentials is the trouble', async (t) => {
  const folder = t.testdir({ password: 'p w:ü\n' })
  const base = { url: fake.url, kind: 'mlflow', credentials: { mode: 'none' } } as const
  const basic = { mode: 'basic', username: 'proxy', passwordFile: join(folder, 'password') } as const
  t.equal(await firstConcern(base), null)
  t.equal(await firstConcern({ ...base, credentials: { mode: 'passthrough' } }), null, 'callers have the credentials')
  t.match(await firstConcern({ ...base, url: 'http://127.0.0.1:1' }), /^the upstream cannot be reached: nothing listens there/)
  const without = { ...basic, passwordFile: join(folder, 'nothing') }
  t.match(await firstConcern({ ...base, credentials: without }), /^there are no credentials for the upstream: /)
  t.match(await firstConcern({ ...base, credentialsOf: { prod: without } }), /^of prod, there are no credentials/)
  fake.knowledge.clear()
  let asked = 0
  fake.answer = (request, response) => {
    asked += 1
    reply(403, 'Invalid Host header - possible DNS rebinding attack detected')(request, response)
  }
  t.match(await firstConcern(base), /^the upstream refuses the proxy: Invalid Host header: .*--allowed-hosts/)
  t.equal(asked, 1, 'environments with the same credentials are asked for once, and not again at once')
  fake.answer = reply(401, 'You are not authenticated. Please see …')
  t.match(await firstConcern(base), /refuses the proxy: status 401: You are not authenticated/)
  const nginx = reply(401, '<html>', { 'content-type': 'text/html', server: 'nginx/1.27' })
  fake.answer = nginx
  t.match(
    await firstConcern(base),
    /refuses the proxy: status 401 with 6 characters of text\/html, from nginx\/1.27: no words of MLflow/,
  )
  const another = /^the upstream does not answer as MLflow does: status (200|404) with \d+ characters of /
  const page = '<html><title>JupyterLab</title></html>'
  fake.answer = reply(200, page, { 'content-type': 'text/html' })
  t.match(await firstConcern(base), another)
  t.match(await firstConcern(base), /text\/html, the page “JupyterLab”$/)
  for (const answer of [reply(200, { status: 'ok' }), reply(200, 'OK'), reply(404, '404 page not found'), reply(404, {})]) {
    fake.answer = answer
    t.match(await firstConcern(base), another)
  }
  fake.answer = reply(404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'No Experiment with id=0 exists' })
  t.equal(await firstConcern(base), null, 'MLflow without its default experiment')
  fake.answer = reply(200, { userName: 'proxy' })
  t.equal(await firstConcern({ ...base, kind: 'databricks' }), null)
  fake.answer = reply(200, page)
  t.match(await firstConcern({ ...base, kind: 'databricks' }), another)
  fake.answer = reply(503, 'busy')
  t.equal(await firstConcern(base), null, 'a moment without room is none')
})

t.test('the watch waits until MLflow was seen once, and says what for', async (t) => {
  const base = { url: fake.url, kind: 'mlflow', credentials: { mode: 'none' } } as const
  const upstream = new Upstream(base)
  t.teardown(() => upstream.close())
  const watch = new UpstreamWatch(upstream, ['acc'])
  fake.answer = reply(403, 'Invalid Host header - possible DNS rebinding attack detected')
  t.equal(watch.waitsFor(), "the upstream's first answer")
  await watch.looking
  t.match(watch.waitsFor(), /refuses the proxy: Invalid Host header/)
  fake.answer = reply(200, { experiment: {} })
  for (let tries = 0; tries < 100 && watch.waitsFor() !== null; tries++) await sleep(50)
  t.equal(watch.waitsFor(), null)
  const dead = new Upstream({ ...base, url: 'http://127.0.0.1:1' })
  t.teardown(() => dead.close())
  const other = new UpstreamWatch(dead, ['acc'])
  other.concern()
  await other.looking
  t.match(other.waitsFor(), /^the upstream cannot be reached: nothing listens there/)
})

t.test('mode basic: MLflow is asked as the user, and never with what a caller sent', async (t) => {
  const folder = t.testdir({ password: 'p w:ü\n' })
  fake.answer = reply(200, {})
  fake.received.length = 0
  const credentials = { mode: 'basic', username: 'proxy', passwordFile: join(folder, 'password') } as const
  const upstream = new Upstream({ url: fake.url, kind: 'mlflow', credentials })
  await upstream.lookUp('/anything', {}, { authorization: 'Bearer of-the-caller' })
  await upstream.close()
  const [{ rawHeaders } = { rawHeaders: [] }] = fake.received
  t.match(rawHeaders.join('\n'), `Basic ${Buffer.from('proxy:p w:ü').toString('base64')}`)
  t.notMatch(rawHeaders.join('\n'), 'of-the-caller')
})
