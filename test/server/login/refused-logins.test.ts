import { EncryptJWT } from 'jose'
import t, { type Test } from 'tap'
import { person } from '../../fakes/entra-login.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import type { BrowserClient } from '../../harness/browser-client.ts'
import { publicUrl, startLoginApp } from '../../harness/login-app.ts'

const anna = person('Anna Ek', 'apps_acc')
const app = await startLoginApp({ who: anna })
t.teardown(() => app.close())

const session = '__Host-mlflow-session'
const attempt = '__Host-mlflow-login'
const callback = `${publicUrl}/-/login/callback`

/** A browser that has been at the issuer, and the address with which it comes back. */
async function comeBack(browser = app.browser()): Promise<{ browser: BrowserClient; address: string }> {
  const { address } = await browser.open(`${publicUrl}/-/login`, callback)
  return { browser, address }
}

async function loggedIn(): Promise<BrowserClient> {
  const browser = app.browser()
  await browser.open(`${publicUrl}/-/login`)
  return browser
}

/** Opens an answer of the issuer, and expects one sentence and no session. */
async function refusesAnswer(test: Test, name: string, browser: BrowserClient, address: string, sentence: RegExp, status = 400) {
  const before = app.upstream.received.length
  const page = await browser.open(address)
  test.equal(page.status, status, name)
  test.match(page.text, sentence, name)
  test.notOk(browser.jar(publicUrl).has(session), `${name}: no session`)
  test.notOk(browser.jar(publicUrl).has(attempt), `${name}: the login under way is over`)
  test.equal(app.upstream.received.length, before, `${name}: nothing is sent upstream`)
}

t.test('answers of the issuer that belong to no login of this browser are refused', async (t) => {
  const { address } = await comeBack()
  await refusesAnswer(t, 'another browser', app.browser(), address, /This browser has begun no login here/)
  const other = await comeBack()
  await refusesAnswer(t, "another login's answer", other.browser, address, /is not the one to this login/)
  const stateless = await comeBack()
  const without = new URL(stateless.address)
  without.searchParams.delete('state')
  await refusesAnswer(t, 'no state', stateless.browser, without.href, /is not the one to this login/)
  const doubled = await comeBack()
  const state = new URL(doubled.address).searchParams.get('state')
  await refusesAnswer(t, 'two states', doubled.browser, `${doubled.address}&state=${state}`, /is not the one to this login/)
  const foreign = await comeBack()
  const mixed = new URL(foreign.address)
  mixed.searchParams.set('iss', 'https://evil.example')
  await refusesAnswer(t, 'the answer of another issuer', foreign.browser, mixed.href, /is not the one to this login/)
})

t.test('an answer is good once', async (t) => {
  const { browser, address } = await comeBack()
  const cookies = new Map(browser.jar(publicUrl))
  t.equal((await browser.send(address)).status, 303)
  const replayed = app.browser()
  for (const [name, value] of cookies) replayed.jar(publicUrl).set(name, value)
  await refusesAnswer(t, 'replayed with its cookie', replayed, address, /is an error \(invalid_grant\)/)
  const guessed = await comeBack()
  const forged = new URL(guessed.address)
  forged.searchParams.set('code', 'a-code-of-somebody-else')
  await refusesAnswer(t, 'a made-up code', guessed.browser, forged.href, /is an error \(invalid_grant\)/)
})

t.test('what the issuer answers in place of a code is told in a sentence, and nothing of its own text is repeated', async (t) => {
  for (const [error, sentence, status] of [
    ['access_denied', /The login was cancelled/, 401],
    ['invalid_scope', /is an error \(invalid_scope\)/, 400],
    ['<script>', /is an error: begin|is not the one to this login/, 400],
  ] as const) {
    const { browser, address } = await comeBack()
    const answer = new URL(address)
    answer.searchParams.delete('code')
    answer.searchParams.set('error', error)
    answer.searchParams.set('error_description', '<b>call 0800-1234</b>')
    const page = await browser.open(answer.href)
    t.equal(page.status, status, error)
    t.match(page.text, sentence, error)
    t.notMatch(page.text, /0800|<script>[^f]/, error)
  }
})

t.test('the cookie of a login under way that somebody else set or changed is refused', async (t) => {
  const value = (browser: BrowserClient) => browser.jar(publicUrl).get(attempt) ?? ''
  const cases: Record<string, (browser: BrowserClient) => string> = {
    garbage: () => 'garbage',
    'one letter changed': (browser) => `${value(browser).slice(0, -30)}${value(browser).slice(-30).replace(/[a-y]/, 'z')}`,
    oversized: () => 'a'.repeat(5_000),
    'two of them': (browser) => `${value(browser)}; ${attempt}=${value(browser)}`,
  }
  for (const [name, make] of Object.entries(cases)) {
    const { browser, address } = await comeBack()
    browser.jar(publicUrl).set(attempt, make(browser))
    await refusesAnswer(t, name, browser, address, /The cookie of the login under way is not one of this server/)
  }
  const confused = await loggedIn()
  const { browser, address } = await comeBack()
  browser.jar(publicUrl).set(attempt, confused.jar(publicUrl).get(session) ?? '')
  await refusesAnswer(t, 'a session in its place', browser, address, /is not one of this server/)
})

t.test('tokens that do not prove who logged in make no session', async (t) => {
  const { tricks } = app.entra
  const tricked = async (name: string, sentence: RegExp, trick: typeof tricks, status = 401) => {
    Object.assign(tricks, trick)
    const { browser, address } = await comeBack()
    await refusesAnswer(t, name, browser, address, sentence, status)
    for (const key of Object.keys(trick)) Object.assign(tricks, { [key]: undefined })
  }
  await tricked('two people', /name two different people/, { idClaims: { oid: person('Bo').objectId } })
  await tricked('another audience', /for another audience/, { accessClaims: { aud: 'api://other' } })
  await tricked('another tenant', /from another tenant/, { accessClaims: { tid: person('Bo').objectId } })
  await tricked('another issuer', /issuer of the access token/, { accessClaims: { iss: 'https://evil.example' } })
  await tricked('expired', /has expired/, { accessClaims: { iat: 1_600_000_000, nbf: 1_600_000_000, exp: 1_600_003_600 } })
  await tricked('an application', /token of an application/, { accessClaims: { scp: undefined, idtyp: 'app' } })
  await tricked('an ID token as access token', /nonce claim shows/, { accessClaims: { nonce: 'n' } })
  await tricked('in no environment', /groups \(cooks\) belong to no environment/, { accessClaims: { roles: ['cooks'] } }, 403)
  await tricked('the issuer is down', /cannot be reached, so nobody can log in/, { down: true }, 503)
})

t.test('the cookie of a session that somebody else set or changed is refused, removed, and leads to a new login', async (t) => {
  const good = (await loggedIn()).jar(publicUrl).get(session) ?? ''
  const stranger = await new EncryptJWT({ sub: anna.objectId })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setExpirationTime('1h')
    .encrypt(new Uint8Array(32))
  const { browser: underWay } = await comeBack()
  const cases: Record<string, [value: string, sentence: RegExp]> = {
    empty: ['', /not made by this server/],
    garbage: ['garbage', /not made by this server/],
    'one letter changed': [good.slice(0, -9) + good.slice(-9).replace(/[A-Za-y]/, 'z'), /not made by this server/],
    'of another key': [stranger, /not made by this server/],
    'a login under way in its place': [underWay.jar(publicUrl).get(attempt) ?? '', /not made by this server/],
    oversized: ['a'.repeat(6_000), /larger than this server makes them/],
    'two of them (cookie tossing)': [`${good}; ${session}=${good}`, /several logins/],
    'not encrypted': [await (await startIssuerToken()).token, /not made by this server/],
  }
  for (const [name, [value, sentence]] of Object.entries(cases)) {
    const browser = app.browser()
    browser.jar(publicUrl).set(session, value)
    const before = app.upstream.received.length
    const call = await browser.send(`${publicUrl}/api/2.0/mlflow/experiments/search`)
    t.equal(call.status, 401, name)
    t.match(JSON.parse(call.text), { error_code: 'CUSTOMER_UNAUTHORIZED', message: sentence }, name)
    t.notOk(browser.jar(publicUrl).has(session), `${name}: removed`)
    browser.jar(publicUrl).set(session, value)
    t.match((await browser.open(`${publicUrl}/`)).text, /data-back href="\/-\/login/, name)
    t.equal(app.upstream.received.length, before, name)
    if (value.length > 20) t.notMatch(app.logs(), value.slice(0, 200), `${name}: not in the log`)
  }
})

async function startIssuerToken() {
  const issuer = await startIssuer()
  const token = await issuer.token()
  await issuer.close()
  return { token }
}

t.test('a session is no bearer token, and what a browser brings to a login does not stay (fixation)', async (t) => {
  const browser = await loggedIn()
  const good = browser.jar(publicUrl).get(session) ?? ''
  const bearer = await app.browser().send(`${publicUrl}/-/whoami`, { authorization: `Bearer ${good}` })
  t.match(bearer, { status: 401, text: /The token is encrypted/ })
  const { browser: victim, address } = await comeBack()
  victim.jar(publicUrl).set(session, good)
  await victim.send(address)
  t.not(victim.jar(publicUrl).get(session), good)
})

t.test('a login comes back to paths of this server alone', async (t) => {
  for (const to of [
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/%0d%0aset-cookie:a=b\n',
    'javascript:alert(1)',
    'evil',
    '/é',
    `/${'a'.repeat(2_001)}`,
  ]) {
    const browser = app.browser()
    const page = await browser.send(`${publicUrl}/-/login?to=${encodeURIComponent(to)}`)
    t.equal(page.status, 400, to.slice(0, 40))
    t.match(page.text, /The address to open after the login is (?:not a path|longer)/, to.slice(0, 40))
    t.equal(page.headers.location, undefined, to.slice(0, 40))
  }
  t.equal((await app.browser().send(`${publicUrl}/-/login?to=/a&to=/b`)).status, 400)
  const round = await app.browser().open(`${publicUrl}/-/login?to=/-/logout`)
  t.equal(round.address, `${publicUrl}/`, 'a login does not end in a logout')
})

t.test('a login that begins at another name goes to the public one first', async (t) => {
  const page = await app.browser().send(`${app.url}/-/login?to=/env/acc/`)
  t.match(page, { status: 303, headers: { location: `${publicUrl}/-/login?to=%2Fenv%2Facc%2F` } })
  t.equal(page.headers['set-cookie'], undefined)
})
