import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { person } from '../../fakes/entra-login.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { keptInRedis, publicUrl, startLoginApp } from '../../harness/login-app.ts'
import { startProxyProcess } from '../../harness/proxy-process.ts'
import { caFile, startRedis } from '../../harness/redis.ts'

const redis = await startRedis()
t.teardown(() => redis.close())
const whoami = `${publicUrl}/-/whoami`

async function start(options: { readonly password?: string; readonly url?: string; readonly more?: object } = {}) {
  const { password = redis.password, url = redis.url, more = { tls: { caFile } } } = options
  const app = await startLoginApp({ who: person('Anna Ek', 'apps_acc'), ...keptInRedis({ url, password }), more })
  t.teardown(() => app.close())
  return app
}

/** Asks until the answer has this status. */
async function until(status: number, ask: () => Promise<{ readonly status: number }>): Promise<void> {
  const end = Date.now() + 20_000
  while ((await ask()).status !== status) {
    if (Date.now() > end) throw new Error(`no ${status} within 20 s`)
    await sleep(50)
  }
}

t.test('while Redis is down, pages say so, logins stay, and nobody is told that they have logged out', async (t) => {
  const app = await start()
  const browser = app.browser()
  await browser.open(`${publicUrl}/-/login`)
  await redis.stop()
  await until(503, () => browser.send(whoami))
  t.match(await browser.open(`${publicUrl}/`), {
    status: 503,
    headers: { 'content-type': /text\/html/ },
    text: /Logins cannot be looked up at the moment: try again shortly\.<\/p>(?!.*another account)/,
  })
  t.match(await browser.press(`${publicUrl}/-/logout`), { status: 503, text: /cannot be looked up/ })
  t.ok(browser.jar(publicUrl).has('__Host-mlflow-session'), 'the cookie is still there')
  t.match(await app.browser().open(`${publicUrl}/-/login`), { status: 503, text: /cannot be looked up/ })
  const strangers = await app.browser().send(whoami)
  t.equal(strangers.status, 401, 'who has no cookie is not kept waiting')
  t.match(app.logs(), /"problem":"[^"]*","msg":"Redis does not serve: logins cannot be looked up"/)
  await redis.start()
  await until(401, () => browser.send(whoami))
  t.match(app.logs(), /Redis answers: logins can be looked up/)
  await browser.open(`${publicUrl}/-/login`)
  t.equal((await browser.send(whoami)).status, 200, 'and people log in again')
})

t.test('a server that has stopped answering keeps nobody waiting, and serves when it is back', async (t) => {
  const app = await start()
  const browser = app.browser()
  await browser.open(`${publicUrl}/-/login`)
  redis.freeze()
  const begin = performance.now()
  const answers = await Promise.all([1, 2, 3].map(() => browser.send(whoami)))
  const took = performance.now() - begin
  redis.thaw()
  t.strictSame(
    answers.map(({ status }) => status),
    [503, 503, 503],
  )
  t.ok(took < 10_000, `${took} ms`)
  t.match(app.logs(), /it does not answer within 2 s/)
  await until(200, () => browser.send(whoami))
})

t.test('a logout of the issuer that could not be kept is not lost: the issuer tells it again', async (t) => {
  const app = await start()
  const browser = app.browser()
  await browser.open(`${publicUrl}/-/login`)
  t.equal((await browser.send(whoami)).status, 200)
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const token = await app.entra.signer.token({ sub: app.entra.who?.objectId, jti: 'kept', events }, { typ: 'logout+jwt' })
  const tell = () =>
    fetch(`${app.url}/-/logout/back-channel`, { method: 'POST', body: new URLSearchParams({ logout_token: token }) })
  redis.freeze()
  const late = await tell()
  redis.thaw()
  t.equal(late.status, 503)
  // What it was sent meanwhile it does now.
  await until(200, () => browser.send(whoami))
  t.equal((await tell()).status, 200)
  t.equal((await browser.send(whoami)).status, 401)
  t.equal((await tell()).status, 400, 'and once it has been done, it counts no more')
})

t.test('operators read what is wrong with the connection, and no password', async (t) => {
  const said = async (options: Parameters<typeof start>[0], sentence: RegExp) => {
    const app = await start(options)
    const browser = app.browser()
    t.match(await browser.open(`${publicUrl}/-/login`), { status: 503, text: /Logins cannot be looked up/ })
    t.match(app.logs(), sentence)
    t.notMatch(app.logs(), /wrong-password/)
  }
  await said({ password: 'wrong-password' }, /it answers WRONGPASS/)
  await said({ more: {} }, /its certificate is from an authority that is not trusted here; add the certificate/)
  await said({ url: redis.url.replace('rediss:', 'redis:') }, /"problem":/)
  await said({ url: 'rediss://localhost:9' }, /nothing listens there \(ECONNREFUSED\)/)
})

t.test('the program as it is shipped connects, and ends', async (t) => {
  const folder = t.testdir({ key: 'f0'.repeat(32), password: redis.password })
  const issuer = await startIssuer()
  t.teardown(() => issuer.close())
  const { authority, tenantId, audience } = issuer
  const files = { cookieKeyFile: join(folder, 'key'), redis: { url: redis.url, passwordFile: join(folder, 'password') } }
  const login = { publicUrl, clientId: 'c', ...files }
  const settings = { tls: { caFile }, authentication: { entra: { tenantId, audiences: [audience], authority }, login } }
  const proxy = await startProxyProcess({ upstream: 'http://127.0.0.1:9', issuer, settings })
  t.teardown(() => proxy.close())
  const cookie = `__Host-mlflow-session=${'x'.repeat(43)}`
  const answer = await fetch(`${proxy.url}/-/whoami`, { headers: { cookie } })
  t.match({ status: answer.status, text: await answer.text() }, { status: 401, text: /Your login has ended/ })
  proxy.signal('SIGTERM')
  t.equal(await proxy.ended, 0)
})
