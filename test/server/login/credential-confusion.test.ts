import t, { type Test } from 'tap'
import { person } from '../../fakes/entra-login.ts'
import { reply } from '../../fakes/fake-upstream.ts'
import type { Page } from '../../harness/browser-client.ts'
import { keptInRedis, type LoginApp, type LoginAppOptions, publicUrl, startLoginApp } from '../../harness/login-app.ts'
import { startRedis } from '../../harness/redis.ts'

// Everything that proves something to somebody, brought to every place that takes a proof: as it is where it does not belong, and changed or too
// large everywhere. What has expired or comes twice is in the tests of each kind.

const anna = person('Anna Ek', 'apps_acc')
const session = '__Host-mlflow-session'
const attempt = '__Host-mlflow-login'
const read = `${publicUrl}/api/2.0/mlflow/registered-models/search?max_results=1`

interface Answer {
  readonly status: number
  readonly text: string
  readonly cookies: readonly string[]
}

/** A place that takes proofs, and which it takes. */
interface Door {
  readonly takes: string | null
  readonly bring: (proof: string) => Promise<Answer>
}

const answerOf = ({ status, text, headers }: Page): Answer => ({ status, text, cookies: [headers['set-cookie'] ?? []].flat() })

async function sendForm(app: LoginApp, path: string, name: string, proof: string): Promise<Answer> {
  const body = new URLSearchParams({ [name]: proof })
  const answer = await fetch(`${app.url}${path}`, { method: 'POST', body, redirect: 'manual' })
  return { status: answer.status, text: await answer.text(), cookies: answer.headers.getSetCookie() }
}

async function openAs(app: LoginApp, cookie: string, value: string, address: string): Promise<Answer> {
  const browser = app.browser()
  browser.jar(publicUrl).set(cookie, value)
  return answerOf(await browser.send(address))
}

/** The end of a login: the address with which the browser comes back, and the cookie that it brings. */
async function comeBack(app: LoginApp) {
  const browser = app.browser()
  const { address } = await browser.open(`${publicUrl}/-/login`, `${publicUrl}/-/login/callback`)
  const value = browser.jar(publicUrl).get(attempt) ?? ''
  const openWith = (name: string, proof: string) => {
    const changed = new URL(address)
    changed.searchParams.set(name, proof)
    return openAs(app, attempt, value, changed.href)
  }
  return { address, value, openWith, said: (name: string) => new URL(address).searchParams.get(name) ?? '' }
}

type Return = Awaited<ReturnType<typeof comeBack>>

function doorsOf(app: LoginApp, end: Return): Readonly<Record<string, Door>> {
  const ask = async (address: string, headers = {}) => answerOf(await app.browser().send(address, headers))
  return {
    'a header': { takes: 'access token', bring: (proof) => ask(read, { authorization: `Bearer ${proof}` }) },
    'the query': { takes: null, bring: (proof) => ask(`${read}&access_token=${encodeURIComponent(proof)}`) },
    'the cookie of a login': { takes: 'session cookie', bring: (proof) => openAs(app, session, proof, read) },
    'the cookie of a login under way': {
      takes: 'login cookie',
      bring: (proof) => openAs(app, attempt, proof, end.address),
    },
    'the state': { takes: 'state', bring: (proof) => end.openWith('state', proof) },
    'the code of the issuer': { takes: 'code of the issuer', bring: (proof) => end.openWith('code', proof) },
    'the form of a code': { takes: 'one-time code', bring: (proof) => sendForm(app, '/-/token', 'code', proof) },
    'the form of a logout': {
      takes: 'logout token',
      bring: (proof) => sendForm(app, '/-/logout/back-channel', 'logout_token', proof),
    },
    'the page to come back to': {
      takes: null,
      bring: (proof) => ask(`${publicUrl}/-/login?to=${encodeURIComponent(proof)}`),
    },
  }
}

async function collect(app: LoginApp) {
  const browser = app.browser()
  await browser.open(`${publicUrl}/-/login`)
  const page = await browser.press(`${publicUrl}/-/code/once`)
  const end = await comeBack(app)
  const { signer, clientSecret, given } = app.entra
  const of = (name: 'access_token' | 'id_token' | 'refresh_token') => given.at(-1)?.[name] ?? ''
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const proofs: Readonly<Record<string, string>> = {
    'access token': of('access_token'),
    'ID token': of('id_token'),
    'refresh token': of('refresh_token'),
    'session cookie': browser.jar(publicUrl).get(session) ?? '',
    'login cookie': end.value,
    'code of the issuer': end.said('code'),
    state: end.said('state'),
    'one-time code': /code=([\w.-]+)/.exec(page.text)?.[1] ?? '',
    'logout token': await signer.token({ sub: anna.objectId, jti: 'honest', events }, { typ: 'logout+jwt' }),
    'client secret': clientSecret,
  }
  return { browser, proofs, doors: doorsOf(app, end) }
}

/** Another letter in the middle, where something is meant by it. */
function changed(proof: string): string {
  const middle = Math.floor(proof.length / 2)
  const at = proof[middle] === '.' ? middle - 1 : middle
  return `${proof.slice(0, at)}${proof[at] === 'A' ? 'B' : 'A'}${proof.slice(at + 1)}`
}

const ways: Readonly<Record<string, (proof: string) => string>> = {
  'as it is': (proof) => proof,
  changed,
  'twice in a row': (proof) => `${proof}${proof}`,
  'too large': (proof) => proof.repeat(Math.ceil(9_000 / proof.length)).slice(0, 9_000),
  'far too large': (proof) => proof.repeat(Math.ceil(60_000 / proof.length)),
}

/** What a refusal says, in JSON or on a page. */
function sentenceOf(text: string): string {
  const { message }: { message?: string } = text.startsWith('{') ? JSON.parse(text) : {}
  return message ?? /<p>([^<]*)<\/p>/.exec(text)?.[1] ?? ''
}

/** What is wrong with an answer to a proof that is not good; null: nothing. */
function faultOf({ status, text, cookies }: Answer, secrets: readonly string[]): string | null {
  if (status < 400 || status > 499) return `status ${status}: ${text.slice(0, 200)}`
  if (!/^[A-Z“][^\n]{10,300}[.]$/.test(sentenceOf(text))) return `no sentence: ${status} ${text.slice(0, 300)}`
  if (secrets.some((secret) => text.includes(secret))) return 'it is repeated in the answer'
  const isGiven = cookies.some((cookie) => cookie.startsWith(`${session}=`) && !cookie.includes('Max-Age=0'))
  return isGiven ? 'it made a session' : null
}

async function tryAll(t: Test, app: LoginApp) {
  const { browser, proofs, doors } = await collect(app)
  for (const [name, proof] of Object.entries(proofs)) t.ok(proof.length > 20, `there is a ${name}`)
  const before = app.upstream.received.length
  const faults: string[] = []
  let tried = 0
  for (const [door, { takes, bring }] of Object.entries(doors))
    for (const [name, proof] of Object.entries(proofs))
      for (const [way, change] of Object.entries(ways)) {
        if (name === takes && way === 'as it is') continue
        const brought = change(proof)
        const fault = faultOf(await bring(brought), [proof, brought])
        if (fault !== null) faults.push(`${name}, ${way}, for ${door}: ${fault}`)
        tried += 1
      }
  t.same(faults.slice(0, 20), [], `${faults.length} of ${tried}`)
  t.ok(tried > 400)
  t.equal(app.upstream.received.length, before, 'nothing is sent upstream')
  const logs = app.logs()
  for (const [name, proof] of Object.entries(proofs))
    t.notOk(
      [proof, changed(proof)].some((secret) => logs.includes(secret)),
      `no ${name} is in the log`,
    )
  t.not((await browser.send(read)).status, 401, 'the login goes on')
  app.upstream.answer = reply(200, {})
  // The login under way can be completed once, with all that belongs to it.
  const once = Object.entries(doors).filter(([door]) => !['the state', 'the code of the issuer'].includes(door))
  for (const [door, { takes, bring }] of once) {
    if (takes === null) continue
    const { status } = await bring(proofs[takes] ?? '')
    t.ok(status < 400, `the ${takes} is still good for ${door}: ${status}`)
  }
}

const redis = await startRedis()
t.teardown(() => redis.close())
const places: Readonly<Record<string, Omit<LoginAppOptions, 'who'>>> = {
  'in cookies': {},
  'in Redis': keptInRedis(redis),
}

for (const [place, options] of Object.entries(places))
  t.test(`no proof opens another door than its own, and none that was changed opens any (${place})`, async (t) => {
    const app = await startLoginApp({ who: anna, ...options })
    t.teardown(() => app.close())
    await tryAll(t, app)
  })
