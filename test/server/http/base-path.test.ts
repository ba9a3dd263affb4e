import t from 'tap'
import { person } from '../../fakes/entra-login.ts'
import { startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { linesOf, load } from '../../fixtures/config-file.ts'
import { startApp } from '../../harness/app.ts'
import { publicUrl, startLoginApp } from '../../harness/login-app.ts'
import { talk } from '../../harness/raw-http.ts'

const own = `${publicUrl}/mlflow`
const getExperiment = '/api/2.0/mlflow/experiments/get-by-name?experiment_name=churn'

t.test('everything is below the base path, and nothing is beside it', async (t) => {
  const upstream = await startFakeUpstream()
  const app = await startApp({ upstream: upstream.url, more: { listen: { basePath: '/mlflow' } }, environments: ['acc'] })
  t.teardown(() => Promise.all([app.close(), upstream.close()]))
  const authorization = `Bearer ${app.token}`
  // As it is written: `fetch` resolves dots.
  const ask = async (path: string, head = `authorization: ${authorization}\r\n`) => {
    const text = `GET ${path} HTTP/1.1\r\nhost: x\r\n${head}connection: close\r\n\r\n`
    const [answer] = (await talk(app.url, text)).answers
    const location = answer?.headers.find(([name]) => name === 'location')?.[1] ?? ''
    return `${answer?.status} ${location} ${answer?.body}`
  }
  for (const path of ['/mlflow', '//mlflow', '/mlflow/', '/mlflow/env/acc', '/mlflow/env/acc/'])
    t.match(await ask(`${path}${getExperiment}`), /^200 .*"experiment_id"/, path)
  t.match(await ask('/mlflow/health', ''), '200  OK')
  t.match(await ask('/mlflow/-/whoami'), /"environment":"acc"/)
  t.match(await ask('/mlflow', ''), /^308 \/mlflow\/ /)
  t.match(await ask('/mlflow/env/acc'), /^308 \/mlflow\/env\/acc\/ /)
  const beside = [
    '',
    '/mlflowx',
    '/mlflow/..',
    '/mlflow/.',
    '/MLFLOW',
    '/%6dlflow',
    '/mlflow%2f',
    '/mlflow/mlflow',
    '/x/mlflow',
    '///mlflow',
    '/mlflow//',
    '/mlflow;',
  ]
  for (const path of beside) t.match(await ask(`${path}${getExperiment}`), /^40[04] /, path)
  t.match(await ask(getExperiment, ''), /^404 .*this proxy is served below \/mlflow/, 'a client without it is told')
  t.match(
    app.lines().findLast(({ msg }) => msg === 'a request was refused'),
    { path: getExperiment.split('?')[0] },
  )
})

t.test('a login stays below the base path, and so does its cookie', async (t) => {
  const who = person('Bo Lind', 'apps_acc', 'apps_prod')
  const app = await startLoginApp({ who, basePath: '/mlflow' })
  t.teardown(() => app.close())
  const browser = app.browser()
  t.match((await browser.open(`${own}/?a=1`)).text, 'data-back href="/mlflow/-/login?to=%2Fmlflow%2F%3Fa%3D1"')
  const page = await browser.open(`${own}/-/login?to=${encodeURIComponent('/mlflow/env/acc/')}`)
  t.match(page, { status: 200, address: `${own}/env/acc/` })
  t.strictSame([...browser.jar(publicUrl).keys()], ['__Secure-mlflow-session'])
  const links = [...page.text.matchAll(/ href="([^"]*)"/g)].map(([, link]) => link)
  t.ok(links.length >= 4)
  t.ok(
    links.every((link) => link?.startsWith('/mlflow/')),
    links.join(' '),
  )
  for (const path of ['/-/code', '/-/environments', '/-/logout', '/env/none/']) {
    const { text } = await browser.open(`${own}${path}`)
    const found = [...text.matchAll(/ (?:href|action)="([^"]*)"/g)].map(([, link = '']) => link)
    t.ok(found.length > 0 && found.every((link) => link.startsWith('/mlflow/')), `${path}: ${found.join(' ')}`)
  }
  t.match((await browser.open(`${own}/-/code`)).text, `MLFLOW_TRACKING_URI=${own}/env/acc`)
  const elsewhere = await browser.open(`${own}/-/login?to=${encodeURIComponent('/wiki/')}`, `${publicUrl}/wiki`)
  t.equal(elsewhere.address, `${own}/`, 'a login never leads to another program of the host')
  const out = await browser.send(`${own}/-/logout`, { origin: publicUrl, 'sec-fetch-site': 'same-origin' }, 'POST')
  t.match(
    [out.headers['set-cookie']].flat()[0],
    /^__Secure-mlflow-session=; Max-Age=0; Path=\/mlflow; Secure; HttpOnly; SameSite=Lax$/,
  )
})

const rest = 'upstream: { url: "http://127.0.0.1:9" }\nenvironments: [acc]\n'
const entra = 'entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [api://x] }'

t.test('a base path is a plain one, and the public URL has it', async (t) => {
  const plain = `authentication: { ${entra} }\n${rest}`
  t.equal(load(plain).listen.basePath, '')
  t.equal(load(`listen: { basePath: /team-a/mlflow }\n${plain}`).listen.basePath, '/team-a/mlflow')
  for (const path of ['mlflow', '/mlflow/', '/', '/a//b', '/../a', '/a/..', '/%61', '/-', '/a b', '/ä'])
    t.match(linesOf(`listen: { basePath: "${path}" }\n${plain}`).join(), /listen\.basePath/, path)
  const withLogin = (path: string, url: string) =>
    `listen: { basePath: "${path}" }\nauthentication: { ${entra}, login: { publicUrl: "${url}", clientId: x } }\n${rest}`
  t.equal(load(withLogin('/mlflow', `${own}/`)).authentication.login?.publicUrl, own)
  t.match(
    linesOf(withLogin('/mlflow', publicUrl)).join(),
    /publicUrl: has another path than the proxy, which is served below \/mlflow/,
  )
  t.match(linesOf(withLogin('', own)).join(), /publicUrl: has another path than the proxy, which is served at the root of a host/)
})
