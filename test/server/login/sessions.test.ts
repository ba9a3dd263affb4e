import t, { type Test } from 'tap'
import { type Person, person } from '../../fakes/entra-login.ts'
import { reply } from '../../fakes/fake-upstream.ts'
import type { BrowserClient } from '../../harness/browser-client.ts'
import { type LoginAppOptions, publicUrl, startLoginApp } from '../../harness/login-app.ts'

const session = '__Host-mlflow-session'
const whoami = `${publicUrl}/-/whoami`
const createModel = `${publicUrl}/ajax-api/2.0/mlflow/registered-models/create`

/** An app and a browser in which its person is logged in. */
async function start(test: Test, who: Person, options: Omit<LoginAppOptions, 'who'> = {}, accessClaims = {}) {
  const app = await startLoginApp({ who, ...options })
  test.teardown(() => app.close())
  app.entra.tricks.accessClaims = accessClaims
  const browser = app.browser()
  await browser.open(`${publicUrl}/-/login`)
  app.entra.tricks.accessClaims = {}
  return { app, browser, refreshes: () => app.entra.grants.filter((grant) => grant.includes('refresh_token')) }
}

/** Those of an access token that is good for another 100 seconds of its hour. */
function nearEnd() {
  const now = Math.floor(Date.now() / 1_000)
  return { iat: now - 3_500, nbf: now - 3_500, exp: now + 100 }
}

const cookieOf = (browser: BrowserClient) => browser.jar(publicUrl).get(session) ?? ''

t.test('changes with a login need the word of the browser that this server’s own page makes them', async (t) => {
  const { app, browser } = await start(t, person('Anna Ek', 'apps_acc'))
  app.upstream.answer = reply(200, { registered_model: { name: 'fraud_acc' } })
  const before = app.upstream.received.length
  const json = { 'content-type': 'application/json', 'content-length': '0' }
  for (const [name, headers] of Object.entries<Record<string, string>>({
    silence: {},
    'another site': { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    'a sibling of the site': { 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' },
    'another site, an old browser': { origin: 'https://evil.example' },
    'a page without an origin': { origin: 'null' },
    'nobody (typed address)': { 'sec-fetch-site': 'none' },
  })) {
    for (const [method, address] of [
      ['POST', createModel],
      ['PATCH', `${publicUrl}/ajax-api/2.0/mlflow/registered-models/update`],
      ['DELETE', `${publicUrl}/ajax-api/2.0/mlflow/registered-models/delete`],
      ['PUT', `${publicUrl}/ajax-api/2.0/mlflow-artifacts/artifacts/1/a`],
      ['POST', `${publicUrl}/-/code`],
      ['POST', `${publicUrl}/-/logout`],
    ] as const) {
      const answer = await browser.send(address, { ...json, ...headers }, method)
      t.equal(answer.status, 400, `${name}: ${method} ${address}`)
    }
  }
  t.equal(app.upstream.received.length, before, 'nothing was sent upstream')
  t.ok(browser.jar(publicUrl).has(session), 'nobody was logged out')
  const own = { 'content-type': 'application/json', 'content-length': '0', origin: publicUrl }
  const answer = await browser.send(createModel, own, 'POST')
  t.not(answer.status, 401)
  t.notMatch(answer.text, /With a login, only pages/)
})

t.test('a login is renewed before its token ends, once for all requests that come at once', async (t) => {
  const who = person('Anna Ek', 'apps_acc')
  const { app, browser, refreshes } = await start(t, who, {}, nearEnd())
  const old = cookieOf(browser)
  t.strictSame(refreshes(), ['refresh_token'], 'by the page after the login')
  app.entra.who = { ...who, roles: ['apps_preprod'] }
  const answers = await Promise.all(Array.from({ length: 20 }, () => browser.send(whoami)))
  for (const { text } of answers)
    t.match(JSON.parse(text), { objectId: who.objectId, environment: 'preprod' }, 'groups are read anew')
  t.strictSame(refreshes(), ['refresh_token', 'refresh_token'], 'by the twenty requests together')
  t.not(cookieOf(browser), old)
  const late = app.browser()
  late.jar(publicUrl).set(session, old)
  t.equal((await late.send(whoami)).status, 200, 'the old cookie still counts: its refresh token is not sent again')
  t.equal((await browser.send(whoami)).status, 200)
  t.equal(refreshes().length, 2)
})

t.test('while the issuer is down, a login goes on until its token ends', async (t) => {
  const { app, browser } = await start(t, person('Anna Ek', 'apps_acc'), {}, nearEnd())
  app.entra.tricks.down = true
  t.equal((await browser.send(whoami)).status, 200)
  t.ok(browser.jar(publicUrl).has(session))
})

t.test('a login ends if its person has left every environment', async (t) => {
  const who = person('Anna Ek', 'apps_acc')
  const { app, browser } = await start(t, who, {}, nearEnd())
  app.entra.who = { ...who, roles: ['cooks'] }
  const before = app.upstream.received.length
  t.match(await browser.open(`${publicUrl}/`), { status: 403, text: /groups \(cooks\) belong to no environment/ })
  t.equal(app.upstream.received.length, before)
})

t.test('logging out ends the login here and at the issuer', async (t) => {
  const { browser } = await start(t, person('Anna Ek', 'apps_acc'))
  const copied = cookieOf(browser)
  const asked = await browser.open(`${publicUrl}/-/logout`)
  t.match(asked, { status: 200, text: 'Anna Ek' })
  t.ok(browser.jar(publicUrl).has(session), 'a link alone logs nobody out')
  const { status, headers } = await browser.press(`${publicUrl}/-/logout`)
  t.equal(status, 303)
  t.match(
    headers.location,
    /\/oauth2\/v2\.0\/logout\?client_id=.*&post_logout_redirect_uri=https%3A%2F%2Fmlflow\.example\.com%2F-%2Flogged-out$/,
  )
  t.notOk(browser.jar(publicUrl).has(session))
  browser.jar(publicUrl).set(session, copied)
  t.match(
    await browser.send(whoami),
    { status: 401, text: /You have logged out: log in again/ },
    'a copied cookie does not revive it',
  )
  t.match(await browser.open(`${publicUrl}/-/logged-out`), { status: 200, text: 'You are logged out' })
})

t.test('people in several environments choose, and the bar says where they are', async (t) => {
  const { browser } = await start(t, person('Anna <Ek>', 'apps_acc', 'apps_prod'))
  t.match(await browser.open(`${publicUrl}/`), { status: 300, text: /Which environment\?.*env\/acc\/.*env\/prod\/.*production/s })
  t.match(await browser.open(`${publicUrl}/-/environments`), { status: 200, text: 'href="/env/prod/"' })
  const acc = await browser.open(`${publicUrl}/env/acc/`)
  t.match(
    acc.text,
    /<body><style>.*Environment <b>acc<\/b>.*Anna &lt;Ek&gt;.*href="\/env\/prod\/">prod \(production\)<.*<noscript>/s,
  )
  t.notMatch(acc.text, /PRODUCTION/)
  t.match(acc.headers, { etag: undefined, 'content-length': undefined })
  const prod = await browser.open(`${publicUrl}/env/prod/`)
  t.match(prod.text, /<nav class="production".*<mark>PRODUCTION<\/mark>/s)
  t.match((await browser.open(`${publicUrl}/env/preprod/`)).status, 403)
})

t.test('“Use it from code” shows the two lines, and a token once', async (t) => {
  const who = person('Anna Ek', 'apps_acc')
  const { app, browser } = await start(t, who)
  const page = await browser.open(`${publicUrl}/-/code`)
  t.match(page.text, 'export MLFLOW_TRACKING_URI=https://mlflow.example.com\nexport MLFLOW_TRACKING_TOKEN=&quot;$(az account')
  t.notMatch(page.text, /eyJ/, 'a link alone shows no token')
  const shown = await browser.press(`${publicUrl}/-/code`)
  t.match(shown, { status: 200, headers: { 'cache-control': 'no-store' } })
  const token = /MLFLOW_TRACKING_TOKEN=(eyJ[\w.-]+)/.exec(shown.text)?.[1] ?? ''
  const me = await app.browser().send(whoami, { authorization: `Bearer ${token}` })
  t.match(JSON.parse(me.text), { objectId: who.objectId, environment: 'acc' })
  t.notMatch(app.logs(), token.slice(0, 60))
  t.equal((await browser.send(whoami)).status, 200, 'the login goes on')
})

t.test('a login fits a cookie whatever the groups', async (t) => {
  const groups = Array.from({ length: 3_000 }, (_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`)
  const environments = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [
      `e${index}`,
      { groups: groups.slice(index * 100, index * 100 + 100), administrators: groups.slice(index, index + 50) },
    ]),
  )
  const { browser } = await start(t, person('Anna Ek', ...groups.slice(0, 250)), { environments })
  const size = `${session}=${cookieOf(browser)}`.length
  t.ok(size > 300 && size <= 4_096, `${size} bytes`)
  const me = JSON.parse((await browser.send(`${publicUrl}/env/e1/-/whoami`)).text)
  t.match(me, { environments: ['e0', 'e1', 'e2'], environment: 'e1', administrator: true })
})

t.test('an upstream that is asked with the caller’s own token gets that of the login', async (t) => {
  const { app, browser, refreshes } = await start(t, person('Anna Ek', 'apps_acc'), { credentials: { mode: 'passthrough' } })
  await browser.open(`${publicUrl}/`)
  const { rawHeaders = [] } = app.upstream.received.at(-1) ?? {}
  t.match(rawHeaders[rawHeaders.indexOf('authorization') + 1], /^Bearer eyJ/)
  t.strictSame(refreshes(), [])
})

for (const status of [429, 503])
  t.test(`an issuer that answers ${status} has not ended a login: it goes on, or waits`, async (t) => {
    const { app, browser } = await start(t, person('Anna Ek', 'apps_acc'), {}, nearEnd())
    app.entra.tricks.busy = status
    t.equal((await browser.send(whoami)).status, 200)
    t.match(app.logs(), /"problem":"Microsoft Entra ID cannot be reached/)
    t.match(await browser.press(`${publicUrl}/-/code`), { status: 503, text: /cannot be reached/ })
    t.ok(cookieOf(browser), 'nobody is logged out')
    const other = app.browser()
    t.match(await other.open(`${publicUrl}/-/login`), { status: 503, text: /cannot be reached, so nobody can log in/ })
  })
