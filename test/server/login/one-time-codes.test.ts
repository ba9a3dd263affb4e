import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { codeLife, LoginMemory } from '../../../src/server/login/login-memory.ts'
import { SealedCodes } from '../../../src/server/login/one-time-codes.ts'
import { Seal } from '../../../src/server/login/seal.ts'
import { person } from '../../fakes/entra-login.ts'
import type { InProcess } from '../../harness/app.ts'
import type { BrowserClient } from '../../harness/browser-client.ts'
import { keptInRedis, type LoginAppOptions, publicUrl, startLoginReplicas } from '../../harness/login-app.ts'
import { startRedis } from '../../harness/redis.ts'

const who = person('Anna Ek', 'apps_acc', 'apps_prod')

async function start(t: Test, options: Omit<LoginAppOptions, 'who'> = {}) {
  const { app, second } = await startLoginReplicas(t, { who, ...options })
  const browser = app.browser()
  await browser.open(`${publicUrl}/-/login`)
  return { app, second, browser }
}

/** The command that the page shows, and its code. */
async function newCode(browser: BrowserClient): Promise<string> {
  const page = await browser.press(`${publicUrl}/-/code/once`)
  const [, code = ''] = /curl -fsS -d code=([\w.-]+) https:\/\/mlflow\.example\.com\/-\/token\)/.exec(page.text) ?? []
  return code
}

const curl = promisify(execFile)

/** What a program gets for a form. */
async function send({ url }: InProcess, form: string, headers: Record<string, string> = {}, method = 'POST') {
  const sent = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': `${Buffer.byteLength(form)}`, ...headers }
  const asked = request(`${url}/-/token`, { method, headers: sent, agent: false })
  asked.end(form)
  const [answer] = await once(asked, 'response')
  return { status: answer.statusCode, text: await text(answer), headers: answer.headers }
}

const redis = await startRedis()
t.teardown(() => redis.close())

for (const [place, options] of Object.entries({ sealed: {}, 'in Redis': keptInRedis(redis) })) {
  t.test(`a code gets one token, by the command that is shown (${place})`, async (t) => {
    const { app, second, browser } = await start(t, options)
    const code = await newCode(browser)
    const { stdout } = await curl('curl', ['-fsS', '-d', `code=${code}`, `${second.url}/-/token`])
    t.match(stdout, /^eyJ[\w.-]+\n$/)
    const me = await fetch(`${app.url}/env/prod/-/whoami`, { headers: { authorization: `Bearer ${stdout.trim()}` } })
    t.match(await me.json(), { environment: 'prod' })
    t.match(await send(second, `code=${code}`), { status: 401, text: /The code was used already/ })
    if (place === 'in Redis') t.equal((await send(app, `code=${code}`)).status, 401, 'and at no other replica')
    t.notMatch(app.logs() + second.logs(), code)
    t.notMatch(app.logs() + second.logs(), stdout.trim())
    t.match(second.logs(), new RegExp(`"objectId":"${who.objectId}".*"endpoint":"one-time-token"`))
  })

  t.test(`a code ends with its login (${place})`, async (t) => {
    const { app, browser } = await start(t, options)
    const code = await newCode(browser)
    await browser.press(`${publicUrl}/-/logout`)
    t.match(await send(app, `code=${code}`), { status: 401, text: /The code was used already/ })
  })

  t.test(`what is no code gets nothing (${place})`, async (t) => {
    const { app, browser } = await start(t, options)
    const code = await newCode(browser)
    const cookie = browser.jar(publicUrl).get('__Host-mlflow-session') ?? ''
    for (const wrong of [cookie, randomBytes(32).toString('base64url'), `${code.slice(0, -6)}AAAAAA`, '*', '\0'])
      t.match(await send(app, `code=${encodeURIComponent(wrong)}`), { status: 401, text: /not made by this server/ }, wrong)
    for (const form of ['', 'code=', `code=${code}&code=${code}`, `code=${code}&x=1`, `kode=${code}`, `{"code":"${code}"}`])
      t.match(await send(app, form), { status: 400, text: /Send a form with a code and nothing else/ }, form)
    t.match(await send(app, `code=${'x'.repeat(20_000)}`), { status: 413, text: /at most 16384 bytes/ })
    const crossSite = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    t.equal((await send(app, `code=${code}`, crossSite)).status, 400, 'another site’s page')
    t.equal((await send(app, '', {}, 'GET')).status, 401, 'nothing by GET')
    const stolen = app.browser()
    stolen.jar(publicUrl).set('__Host-mlflow-session', code)
    t.equal((await stolen.send(`${publicUrl}/-/whoami`)).status, 401, 'a code is no session')
    const bearer = await fetch(`${app.url}/-/whoami`, { headers: { authorization: `Bearer ${code}` } })
    t.equal(bearer.status, 401, 'and no token')
    t.equal((await send(app, `code=${code}`)).status, 200, 'and is still good')
  })
}

t.test('a code ends after a minute, and however it is written it is good once', async (t) => {
  let now = 1_900_000_000_000
  const codes = new SealedCodes(new Seal(randomBytes(32), 'code', () => now), new LoginMemory(), () => now)
  const login = { id: 'i', begunAt: now, issuerSession: null, subject: 's' }
  const handed = { token: 't', login }
  const late = await codes.give(handed)
  now += codeLife * 1_000 + 1_000
  await t.rejects(codes.take(late), { message: /older than 60 seconds/ })
  const code = await codes.give(handed)
  t.same(await codes.take(code), handed)
  await t.rejects(codes.take(code), { message: /was used already/ })
})
