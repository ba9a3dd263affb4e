import { randomBytes } from 'node:crypto'
import t from 'tap'
import { cookiesBelow } from '../../../src/server/login/cookies.ts'
import { RedisLink } from '../../../src/server/login/redis-link.ts'
import { RedisSessions } from '../../../src/server/login/redis-sessions.ts'
import { Seal } from '../../../src/server/login/seal.ts'
import type { Session } from '../../../src/server/login/session.ts'
import { person } from '../../fakes/entra-login.ts'
import { objectId, tenantId } from '../../fakes/issuer.ts'
import type { BrowserClient } from '../../harness/browser-client.ts'
import { keptInRedis, movedTo, publicUrl, startLoginReplicas } from '../../harness/login-app.ts'
import { caFile, startRedis } from '../../harness/redis.ts'

const redis = await startRedis()
const who = person('Anna Ek', 'apps_acc')
t.teardown(() => redis.close())
const { app, second } = await startLoginReplicas(t, { who, ...keptInRedis(redis) })
t.beforeEach(async () => {
  await redis.ask('FLUSHALL')
  app.entra.tricks.accessClaims = {}
})

const cookie = '__Host-mlflow-session'
const whoami = `${publicUrl}/-/whoami`
const idOf = (browser: BrowserClient) => browser.jar(publicUrl).get(cookie) ?? ''
const refreshes = () => app.entra.grants.filter((grant) => grant.includes('refresh_token')).length

/** What is stored of sessions. */
async function sessions(): Promise<Map<string, string>> {
  return new Map([...(await redis.contents())].filter(([key]) => key.includes('session:')))
}

async function logIn(): Promise<BrowserClient> {
  const browser = app.browser()
  await browser.open(`${publicUrl}/-/login`)
  return browser
}

/** A login whose access token is good for another 100 seconds of its hour. */
async function logInNearEnd(): Promise<BrowserClient> {
  const now = Math.floor(Date.now() / 1_000)
  app.entra.tricks.accessClaims = { iat: now - 3_500, nbf: now - 3_500, exp: now + 100 }
  const browser = await logIn()
  app.entra.tricks.accessClaims = {}
  return browser
}

t.test('the browser has a random id, and the server its hash with what nobody can read', async (t) => {
  const browser = await logIn()
  t.match(idOf(browser), /^[\w-]{43}$/)
  t.not(idOf(await logIn()), idOf(browser))
  const [[key = '', text = ''] = []] = await sessions()
  t.match(key, /^mlflow-env-proxy:session:[\w-]{43}$/)
  t.match(text, /^eyJ[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/, 'sealed')
  const all = JSON.stringify([...(await redis.contents())])
  for (const secret of [idOf(browser), who.name, who.objectId]) t.notOk(all.includes(secret))
  const seconds = Number(await redis.ask('TTL', key))
  t.ok(seconds > 43_100 && seconds <= 43_200, 'until the session ends')
  for (const replica of [second, app])
    t.match(JSON.parse((await movedTo(replica, browser).send(whoami)).text), { environment: 'acc' })
})

t.test('a logout at one replica counts at every other, also for a copy of the cookie', async (t) => {
  const browser = await logIn()
  const copy = movedTo(second, browser)
  t.equal((await copy.send(whoami)).status, 200)
  await browser.press(`${publicUrl}/-/logout`)
  t.equal((await sessions()).size, 0)
  t.match(await copy.send(whoami), { status: 401, text: /Your login has ended: log in again/ })
})

t.test('replicas that are asked at once renew a session once, and its cookie stays as it is', async (t) => {
  const browser = await logInNearEnd()
  const before = refreshes()
  const id = idOf(browser)
  const others = [app, second, app, second, app, second].map((replica) => movedTo(replica, browser))
  for (const { status, headers } of await Promise.all(others.map((each) => each.send(whoami))))
    t.match({ status, cookie: headers['set-cookie'] }, { status: 200, cookie: undefined })
  for (const replica of [app, second]) t.equal((await movedTo(replica, browser).send(whoami)).status, 200)
  t.equal(refreshes() - before, 1)
  t.equal(idOf(browser), id)
  t.notMatch([...(await sessions()).keys()], [/renewal/], 'and the lock is gone')
})

t.test('while another replica renews it, a session that is still good goes on, and is then renewed', async (t) => {
  const browser = await logInNearEnd()
  const [[key = ''] = []] = await sessions()
  const lock = key.replace(':session:', ':renewal:')
  await redis.ask('SET', lock, 'another', 'PX', '30000')
  const before = refreshes()
  t.equal((await browser.send(whoami)).status, 200)
  t.equal(refreshes(), before)
  await redis.ask('DEL', lock)
  t.equal((await browser.send(whoami)).status, 200)
  t.equal(refreshes(), before + 1)
})

t.test('what a browser brings becomes no session, and only what could be an id is looked up', async (t) => {
  const planted = randomBytes(32).toString('base64url')
  const browser = app.browser()
  browser.jar(publicUrl).set(cookie, planted)
  t.match(await browser.send(whoami), { status: 401, text: /Your login has ended/ })
  browser.jar(publicUrl).set(cookie, planted)
  await browser.open(`${publicUrl}/-/login`)
  t.not(idOf(browser), planted, 'a login has an id of its own')
  for (const value of ['', 'x', `${planted}x`, '*'.repeat(43), 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c']) {
    browser.jar(publicUrl).set(cookie, value)
    t.match(await browser.send(whoami), { status: 401, text: /was not made by this server/ }, value)
  }
})

t.test('whoever can write to the server makes no session, and gives nobody another’s', async (t) => {
  const anna = await logIn()
  const [[annas = '', text = ''] = []] = await sessions()
  app.entra.who = person('Bo Li', 'apps_prod')
  const bo = await logIn()
  app.entra.who = who
  const bos = [...(await sessions()).keys()].find((key) => key !== annas) ?? ''
  await redis.ask('SET', bos, text)
  t.match(await bo.send(whoami), { status: 401, text: /another version/ }, 'a copy')
  for (const forged of ['{}', `${text.slice(0, -4)}AAAA`, '']) {
    await redis.ask('SET', annas, forged)
    const { status, text: said } = await movedTo(app, anna).send(whoami)
    t.match({ status, said }, { status: 401, said: /was not stored by this server/ })
  }
})

t.test('a session that ended while it was renewed stays ended; one that is found renewed is taken as it is', async (t) => {
  const node = { host: 'localhost', port: Number(new URL(redis.url).port) }
  const settings = { place: { kind: 'server', node, database: 0 }, tls: true, username: null } as const
  const { writeFileSync } = await import('node:fs')
  const passwordFile = `${t.testdir({})}/password`
  writeFileSync(passwordFile, redis.password)
  const outbound = { caFile, httpProxy: null, httpsProxy: null, noProxy: [] }
  const link = new RedisLink({ ...settings, passwordFile, keyPrefix: 't:' }, outbound, () => {})
  const now = Date.now
  const store = new RedisSessions(cookiesBelow('').session, link, new Seal(randomBytes(32), 'session', now), 't:', tenantId, now)
  t.teardown(() => store.close())
  const principal = { tenantId, objectId, kind: 'user', groups: ['apps_acc'] } as const
  const validity = { issuedAt: 1, notBefore: 1, expiresAt: 2 }
  const session: Session = {
    id: randomBytes(32).toString('base64url'),
    begunAt: now(),
    issuerSession: null,
    subject: 's',
    authenticated: { principal, overage: false, audience: 'a', validity },
    person: 'Anna',
    endsAt: Math.floor(now() / 1_000) + 60,
    refreshToken: 'r'.repeat(8_000),
  }
  await store.write(session)
  t.match(await store.read(session.id), session, 'tokens of any size')
  await t.rejects(store.write(session), 'an id is given once')
  const next = { ...session, refreshToken: 'next' }
  const first = store.renew(session, true, async () => next)
  t.match(await store.renew(session, true, async (latest) => latest), { session: next, header: null }, 'after the first')
  await first
  const ended = store.renew(session, true, async (latest) => {
    await store.end(latest)
    return { ...latest, refreshToken: 'late' }
  })
  await t.rejects(ended, { message: /You have logged out/ })
  t.equal((await sessions()).size, 0)
})
