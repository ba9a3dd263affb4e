import t from 'tap'
import { closedEndpoints, openEndpoints } from '../../../src/policy/endpoints/endpoint-table.ts'
import { loginPaths } from '../../../src/server/http/login-paths.ts'
import { person } from '../../fakes/entra-login.ts'
import { publicUrl, startLoginApp } from '../../harness/login-app.ts'

const app = await startLoginApp({ who: person('Anna Ek', 'apps_acc') })
t.teardown(() => app.close())
const browser = app.browser()
await browser.open(`${publicUrl}/-/login`)
const session = '__Host-mlflow-session'

const ofTheTable = [...openEndpoints.values(), ...closedEndpoints].flatMap(({ method, path, prefixes }) =>
  prefixes.map((prefix) => ({ method, path: `${prefix}${path}`.replace(/<[^>]*>|\{[^}]*\}|\*/g, '1') })),
)
const own = [loginPaths.logout, loginPaths.code, loginPaths.oneTimeCode].map((path) => ({ method: 'POST', path }))
const others = [
  { method: 'POST', path: '/graphql' },
  { method: 'PUT', path: '/nothing/here' },
  { method: 'DELETE', path: '/' },
]
const changes = [...ofTheTable, ...own, ...others].filter(({ method }) => method !== 'GET' && method !== 'HEAD')

/** What a browser says of a request that another site, or an artifact's page, triggers; or nothing, which no browser does. */
const senders: Readonly<Record<string, Record<string, string>>> = {
  'another site': { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
  'a sibling': { 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' },
  'an old browser': { origin: 'https://evil.example' },
  'a page without an origin': { 'sec-fetch-site': 'cross-site', origin: 'null' },
  'no browser': {},
}

for (const [sender, headers] of Object.entries(senders)) {
  t.test(`with a login, ${sender} changes nothing, at any address of the table`, async (t) => {
    t.ok(changes.length > 300, `${changes.length} changing routes`)
    const before = app.upstream.received.length
    const json = { 'content-type': 'application/json', 'content-length': '0' }
    const passed: string[] = []
    for (const { method, path } of changes) {
      const { status, text } = await browser.send(`${publicUrl}${path}`, { ...json, ...headers }, method)
      if (status !== 400 || !/[Oo]nly pages of this server/.test(text)) passed.push(`${method} ${path}: ${status} ${text}`)
    }
    t.strictSame(passed.slice(0, 10), [])
    t.equal(app.upstream.received.length, before, 'nothing is sent upstream')
    t.ok(browser.jar(publicUrl).has(session), 'nobody is logged out')
  })
}

t.test('without a login or a token, every address of the table answers 401 in JSON', async (t) => {
  const passed: string[] = []
  for (const { method, path } of ofTheTable.filter(({ path }) => path !== '/health')) {
    const { status, headers } = await app.browser().send(`${publicUrl}${path}`, {}, method)
    const isRefused = status === 401 && String(headers['content-type']).startsWith('application/json')
    if (!isRefused) passed.push(`${method} ${path}: ${status} ${headers['content-type']}`)
  }
  t.strictSame(passed.slice(0, 10), [])
})
