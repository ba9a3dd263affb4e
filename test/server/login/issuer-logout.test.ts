import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { person } from '../../fakes/entra-login.ts'
import { logOutAtIssuer } from '../../fakes/entra-logout.ts'
import type { InProcess } from '../../harness/app.ts'
import type { BrowserClient } from '../../harness/browser-client.ts'
import { keptInRedis, type LoginAppOptions, movedTo, publicUrl, startLoginReplicas } from '../../harness/login-app.ts'
import { startRedis } from '../../harness/redis.ts'

const anna = person('Anna Ek', 'apps_acc')
const bo = person('Bo Ek', 'apps_acc')
const whoami = `${publicUrl}/-/whoami`
const redis = await startRedis()
t.teardown(() => redis.close())
const places: Readonly<Record<string, Omit<LoginAppOptions, 'who'>>> = { 'in cookies': {}, 'in Redis': keptInRedis(redis) }

async function start(t: Test, options: Omit<LoginAppOptions, 'who'>) {
  const { app, second } = await startLoginReplicas(t, { who: anna, ...options })
  const logIn = async (who = anna, browser = app.browser()) => {
    app.entra.who = who
    await browser.open(`${publicUrl}/-/login`)
    return browser
  }
  const copy = (browser: BrowserClient, replica: InProcess = app) => movedTo(replica, browser)
  return { app, second, logIn, copy }
}

async function tell({ url }: InProcess, body: string, headers: Record<string, string> = {}) {
  const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers }
  const answer = await fetch(`${url}/-/logout/back-channel`, { method: 'POST', headers: form, body })
  return { status: answer.status, text: await answer.text(), cache: answer.headers.get('cache-control') }
}

/** How often a logout had this outcome. */
async function outcomes({ metrics }: InProcess, channel: string, outcome: string): Promise<number> {
  const line = new RegExp(`issuer_logouts_total\\{channel="${channel}",outcome="${outcome}"\\} ([0-9]+)`)
  return Number(line.exec(await metrics.registry.metrics())?.[1] ?? 0)
}

const refusals = (lines: readonly Record<string, unknown>[]) =>
  lines.filter(({ msg }) => msg === 'a logout at the issuer does not count here')

const event = { 'http://schemas.openid.net/event/backchannel-logout': {} }
/** What a browser says of a frame on the issuer's page. */
const frame = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }
const hasLeft = { status: 401, text: /You have logged out: log in again/ }

for (const [place, options] of Object.entries(places)) {
  t.test(`who logs out at the issuer has logged out here, with every copy of the cookie (${place})`, async (t) => {
    const { app, second, logIn, copy } = await start(t, options)
    const browser = await logIn()
    const elsewhere = await logIn()
    const code = /code=([\w.-]+)/.exec((await browser.press(`${publicUrl}/-/code/once`)).text)?.[1] ?? ''
    t.equal(await logOutAtIssuer(app.entra, browser), 303)
    t.equal(app.entra.told.length, 1, 'the issuer has told the proxy')
    t.match(await copy(browser).send(whoami), hasLeft)
    if (place === 'in Redis') t.match(await copy(browser, second).send(whoami), hasLeft, 'at every replica')
    t.equal((await tell(app, `logout_token=${app.entra.told[0]}`)).status, 400, 'a token counts once')
    t.same([await outcomes(app, 'back', 'accepted'), await outcomes(app, 'back', 'repeated')], [1, 1])
    const used = await fetch(`${app.url}/-/token`, { method: 'POST', body: new URLSearchParams({ code }) })
    t.equal(used.status, 401, 'a code of the login is no good any more')
    t.equal((await elsewhere.send(whoami)).status, 200, 'another login of the person goes on')
    t.equal((await (await logIn(anna, browser)).send(whoami)).status, 200, 'and so does a new one in the same browser')
    t.match(app.logs(), /"endpoint":"back-channel-logout"/)
    t.notMatch(app.logs(), app.entra.told[0])
  })

  t.test(`the issuer can end all logins of a person (${place})`, async (t) => {
    const { app, second, logIn, copy } = await start(t, options)
    const [one, other, bos] = [await logIn(), await logIn(), await logIn(bo)]
    const token = await app.entra.signer.token({ sub: anna.objectId, jti: 'all', events: event }, { typ: 'logout+jwt' })
    t.match(await tell(app, `logout_token=${token}&more=1`), { status: 200, text: '', cache: 'no-store' })
    for (const browser of [one, other]) t.match(await copy(browser).send(whoami), hasLeft)
    t.equal((await bos.send(whoami)).status, 200)
    t.equal((await (await logIn()).send(whoami)).status, 200)
    t.equal((await tell(second, `logout_token=${token}`)).status, place === 'in Redis' ? 400 : 200, 'once, where replicas share')
  })

  t.test(`the link that the issuer’s page opens in a frame ends the session that it names (${place})`, async (t) => {
    const { app, logIn, copy } = await start(t, options)
    const [browser, elsewhere] = [await logIn(), await logIn()]
    await logOutAtIssuer(app.entra, elsewhere)
    const sid = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sid
    const [told = ''] = app.entra.told
    const link = `${app.url}/-/logout/front-channel`
    for (const query of [
      '',
      '?sid=',
      '?sid=a&sid=b',
      `?sid=${'x'.repeat(201)}`,
      `?sid=a%00b`,
      `?sid=${sid(told)}&iss=https://evil.example`,
    ])
      t.equal((await fetch(`${link}${query}`)).status, 400, query)
    for (let many = 0; many < 50; many++) await fetch(`${link}?sid=made-up-${many}`)
    t.same([await outcomes(app, 'front', 'malformed'), await outcomes(app, 'front', 'foreign')], [5, 1])
    t.equal(await outcomes(app, 'front', 'accepted'), 50, 'what was made up ends nothing, and proves nothing')
    t.equal((await browser.send(whoami)).status, 200)
    // What the issuer tells of the first session is learned from the token that it sends, which is kept from the proxy here.
    app.entra.proxyAt = 'http://127.0.0.1:9'
    await logOutAtIssuer(app.entra, browser)
    t.equal((await copy(browser).send(whoami)).status, 200, 'not heard yet')
    const answer = await fetch(`${link}?sid=${sid(app.entra.told[1] ?? '')}`, { headers: frame })
    t.match({ status: answer.status, cache: answer.headers.get('cache-control') }, { status: 200, cache: 'no-store' })
    t.match(await copy(browser).send(whoami), hasLeft)
    if (place === 'in Redis')
      t.notMatch(JSON.stringify([...(await redis.contents()).keys()]), /made-up/, 'what was made up takes no room')
  })
}

t.test('a logout token that is not one of the issuer to this login ends nothing', async (t) => {
  const { app, logIn } = await start(t, {})
  const browser = await logIn()
  const { signer } = app.entra
  const now = Math.floor(Date.now() / 1_000)
  let [serial, refused] = [0, 0]
  const said = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
    signer.token({ sub: anna.objectId, jti: `wrong ${serial++}`, events: event, ...claims }, header)
  const honest = await said()
  const other = { nonce: 'n' }
  const cases: Record<string, [token: string, sentence: RegExp, outcome: string]> = {
    'another issuer': [await said({ iss: 'https://evil.example' }), /its iss claim is wrong/, 'foreign'],
    'another audience': [await said({ aud: 'another' }), /its aud claim is wrong/, 'foreign'],
    expired: [await said({ exp: now - 120 }), /has expired/, 'expired'],
    old: [await said({ iat: now - 600 }), /has expired/, 'expired'],
    'from the future': [await said({ iat: now + 600 }), /its iat claim is wrong/, 'foreign'],
    'without iat': [await said({ iat: undefined }), /its iat claim is wrong/, 'foreign'],
    'without exp': [await said({ exp: undefined }), /its exp claim is wrong/, 'foreign'],
    'without jti': [await said({ jti: undefined }), /its jti claim is wrong/, 'foreign'],
    'a number as jti': [await said({ jti: 7 }), /no usable jti claim/, 'malformed'],
    'without sid and sub': [await said({ sub: undefined }), /neither a session \(sid\) nor a person/, 'malformed'],
    'a list as sid': [await said({ sid: ['a'] }), /its sid claim is wrong/, 'malformed'],
    'with a nonce': [await said(other), /has a nonce/, 'foreign'],
    'without events': [await said({ events: undefined }), /no event of a logout/, 'foreign'],
    'another event': [await said({ events: { 'https://example.com/other': {} } }), /no event of a logout/, 'foreign'],
    'an event that is a list': [await said({ events: { [Object.keys(event)[0] ?? '']: [] } }), /no event of a logout/, 'foreign'],
    'an ID token': [await said({ events: undefined, nonce: 'n' }), /has a nonce/, 'foreign'],
    'an access token': [await said({}, { typ: 'at+jwt' }), /of another type/, 'foreign'],
    'another key': [await said({}, { kid: 'unknown' }), /not signed with a key of the issuer/, 'unsigned'],
    'a changed signature': [`${honest.slice(0, -8)}AAAAAAAA`, /not signed with a key of the issuer/, 'unsigned'],
    'no signature': [
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${honest.split('.')[1]}.`,
      /not a signed JSON Web Token/,
      'malformed',
    ],
    encrypted: [browser.jar(publicUrl).get('__Host-mlflow-session') ?? '', /not a signed JSON Web Token/, 'malformed'],
    garbage: ['garbage', /not a signed JSON Web Token/, 'malformed'],
  }
  const before = app.upstream.received.length
  for (const [name, [token, sentence, outcome]] of Object.entries(cases)) {
    const counted = await outcomes(app, 'back', outcome)
    const { status, text } = await tell(app, `logout_token=${token}`)
    t.match({ status, text }, { status: 400, text: sentence }, name)
    t.equal(await outcomes(app, 'back', outcome), counted + 1, `${name}: counted`)
    const said = refusals(app.lines())
    t.match(said.at(-1), { channel: 'back', outcome, requestId: /./ }, `${name}: in the log`)
    t.equal(said.length, ++refused, name)
    t.match(JSON.parse(text), { error_code: 'INVALID_PARAMETER_VALUE', message: /^[A-Z][^.]*\.$/ }, `${name}: one sentence`)
    if (token.length > 20) t.notMatch(app.logs(), token, `${name}: not in the log`)
  }
  for (const form of ['', 'logout_token=', `logout_token=${honest}&logout_token=${honest}`, `token=${honest}`])
    t.match(await tell(app, form), { status: 400, text: /a form with one logout_token/ }, form.slice(0, 30))
  t.equal((await tell(app, `logout_token=${'x'.repeat(20_000)}`)).status, 413)
  const fromPage = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  t.equal((await tell(app, `logout_token=${honest}`, fromPage)).status, 400, 'another site’s page')
  t.equal(app.upstream.received.length, before)
  t.equal((await browser.send(whoami)).status, 200, 'the login goes on')
  t.equal((await tell(app, `logout_token=${honest}`)).status, 200, 'and the honest token still counts')
  await sleep(1)
  t.match(await browser.send(whoami), hasLeft)
})
