import t from 'tap'
import { person } from '../../fakes/entra-login.ts'
import { publicUrl, startLoginApp } from '../../harness/login-app.ts'

const anna = person('Anna Ek', 'apps_acc')
const app = await startLoginApp({ who: anna })
t.teardown(() => app.close())

const session = '__Host-mlflow-session'
const attempt = '__Host-mlflow-login'
const whoami = `${publicUrl}/-/whoami`

t.test('who is not logged in gets the login on a page, and MLflow’s 401 on an API call', async (t) => {
  const browser = app.browser()
  const page = await browser.open(`${publicUrl}/?a=1&b=2`)
  t.match(page, { status: 401, headers: { 'content-type': 'text/html; charset=utf-8' } })
  t.match(page.text, 'data-back href="/-/login?to=%2F%3Fa%3D1%26b%3D2"')
  const call = await browser.send(`${publicUrl}/api/2.0/mlflow/experiments/search`)
  t.match(call, { status: 401, headers: { 'content-type': 'application/json' } })
  t.equal(JSON.parse(call.text).error_code, 'CUSTOMER_UNAUTHORIZED')
  t.strictSame(app.upstream.received, [])
})

t.test('a login opens MLflow as the person, at the page where it began', async (t) => {
  const browser = app.browser()
  const page = await browser.open(`${publicUrl}/-/login?to=${encodeURIComponent('/#/experiments/7')}`)
  t.match(page, { status: 200, address: `${publicUrl}/#/experiments/7` })
  const asked = new URL(browser.visited.find((address) => address.includes('/authorize?')) ?? '')
  t.match(Object.fromEntries(asked.searchParams), {
    response_type: 'code',
    code_challenge_method: 'S256',
    code_challenge: /^[\w-]{43}$/,
    state: /^[\w-]{32}$/,
    nonce: /^[\w-]{32}$/,
    redirect_uri: `${publicUrl}/-/login/callback`,
  })
  t.strictSame([...browser.jar(publicUrl).keys()], [session], 'the login under way is over')
  const me = JSON.parse((await browser.send(whoami)).text)
  t.match(me, { objectId: anna.objectId, kind: 'user', environment: 'acc', groups: ['apps_acc'] })
  const { url } = app.upstream.received.at(-1) ?? {}
  t.equal(url, '/')
  t.notMatch(app.upstream.received.at(-1)?.rawHeaders.join('\n'), /mlflow-session/, 'MLflow does not see the cookie')
})

t.test('the cookie is one that no other site and no script can use', async (t) => {
  const browser = app.browser()
  await browser.open(`${publicUrl}/-/login`, `${publicUrl}/-/login/callback`)
  const back = await browser.open(`${publicUrl}/-/login`, publicUrl)
  const answer = await browser.send(back.address)
  const lines = [answer.headers['set-cookie']].flat()
  t.equal(answer.status, 303)
  t.match(
    lines.find((line) => line?.startsWith(session)),
    /^__Host-mlflow-session=[\w.-]+; Max-Age=43\d\d\d; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
  )
  t.match(
    lines.find((line) => line?.startsWith(attempt)),
    /; Max-Age=0; /,
  )
})

t.test('a token in a header goes before the cookie', async (t) => {
  const browser = app.browser()
  await browser.open(`${publicUrl}/-/login`)
  const answer = await browser.send(whoami, { authorization: 'Bearer x.y.z' })
  t.equal(answer.status, 401)
})

t.test('nothing that could be used is in the log', async (t) => {
  const browser = app.browser()
  await browser.open(`${publicUrl}/-/login`)
  const codes = browser.visited
    .flatMap((address) => [...new URL(address).searchParams])
    // The application's id is no secret: audit lines name it.
    .flatMap(([name, text]) => (name !== 'client_id' && text.length > 20 ? [text] : []))
  t.ok(codes.length >= 4)
  for (const text of [...codes, ...browser.jar(publicUrl).values()]) t.notMatch(app.logs(), text)
})

t.test('behind oauth2-proxy: the access token in the header counts, and no other header says who somebody is', async (t) => {
  const browser = app.browser()
  await browser.open(`${publicUrl}/-/login`)
  const shown = await browser.press(`${publicUrl}/-/code`)
  const token = /MLFLOW_TRACKING_TOKEN=(eyJ[\w.-]+)/.exec(shown.text)?.[1] ?? ''
  const headers = { 'x-forwarded-user': 'somebody', 'x-forwarded-groups': 'apps_prod', 'x-forwarded-access-token': token }
  const page = {
    accept: 'text/html,application/xhtml+xml',
    'sec-fetch-site': 'none',
    'sec-fetch-mode': 'navigate',
    cookie: '_oauth2_proxy=x',
  }
  t.equal((await app.browser().send(`${publicUrl}/`, { ...headers, ...page })).status, 401, 'other headers are no proof')
  const opened = await app.browser().send(`${publicUrl}/`, { ...headers, ...page, authorization: `Bearer ${token}` })
  t.equal(opened.status, 200)
  t.notMatch(opened.text, 'env-proxy-bar')
  const me = await app.browser().send(whoami, { ...headers, authorization: `Bearer ${token}` })
  t.match(JSON.parse(me.text), { objectId: anna.objectId, groups: ['apps_acc'] })
  const crossSite = { authorization: `Bearer ${token}`, 'sec-fetch-site': 'cross-site', 'content-length': '0' }
  t.equal((await app.browser().send(`${publicUrl}/ajax-api/2.0/mlflow/runs/create`, crossSite, 'POST')).status, 400)
})
