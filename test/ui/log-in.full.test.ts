import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { look, startBrowser, type Viewer } from './browser.ts'
import { startLoginSetup } from './login-setup.ts'

const setup = await startLoginSetup()
const { entra, acc } = setup
const { url } = setup.proxy
const browser = await startBrowser()
t.teardown(async () => {
  await browser.close()
  await setup.close()
})
const runs = `/#/experiments/${acc.experimentId}/runs`
const session = '__Host-mlflow-session'

/** Lets somebody go through pages; none may complain unless something is to fail (`failing`), and nothing may leave for another host than the issuer. */
async function withBrowser(
  t: Test,
  scheme: 'light' | 'dark',
  walk: (viewer: Viewer) => Promise<void>,
  failing = false,
): Promise<void> {
  const viewer = await look(browser, url, null, scheme)
  t.teardown(() => viewer.close())
  await walk(viewer).catch(async (error) => {
    await viewer.picture(`failed-${t.name.replace(/\W+/g, '-').slice(0, 40)}`)
    throw error
  })
  if (!failing) t.strictSame(viewer.complaints, [], 'no page complained')
  const elsewhere = viewer.strayed.filter((address) => !address.startsWith(entra.authority))
  t.strictSame(elsewhere, [], 'nothing left for another host')
}

async function logIn({ page }: Viewer, name: string, path: string): Promise<void> {
  await page.goto(`${url}${path}`)
  await page.getByRole('link', { name: 'Log in with Microsoft' }).click()
  await page.getByText(name).click()
}

const cookieOf = async ({ page }: Viewer) => (await page.context().cookies()).find(({ name }) => name === session)
const bar = ({ page }: Viewer) => page.locator('#env-proxy-bar')

/** Copies each block of the page; what the clipboard has is what stands there. */
async function copyAll(t: Test, { page }: Viewer, scheme: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  const blocks = await page.locator('.code').all()
  t.equal(blocks.length, 3, 'an address for each environment, and the token')
  for (const block of blocks) {
    await block.getByRole('button', { name: 'Copy' }).click()
    await block.getByRole('button', { name: 'Copied' }).waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    t.match(copied, /^export MLFLOW_TRACKING_(URI|TOKEN)=/, scheme)
    t.equal(copied, await block.locator('pre').textContent())
  }
  await page.getByRole('button', { name: 'Copied' }).first().waitFor({ state: 'detached' })
}

for (const scheme of ['light', 'dark'] as const) {
  t.test(`a person in one environment logs in and uses MLflow (${scheme})`, (t) =>
    withBrowser(t, scheme, async (viewer) => {
      await viewer.open(runs, 'Log in to open MLflow')
      await viewer.picture(`log-in-${scheme}`)
      await logIn(viewer, 'Anna Ek', runs)
      await viewer.page.getByText('acc-first').first().waitFor()
      t.equal(viewer.page.url().split('?')[0], `${url}${runs}`, 'the page at which the login began')
      t.match(await bar(viewer).locator('nav').textContent(), /Environment acc.*Anna Ek/)
      t.match(await cookieOf(viewer), { secure: true, httpOnly: true, sameSite: 'Lax', path: '/' })
      await viewer.picture(`logged-in-${scheme}`)
      await viewer.page.goto(`${url}/#/`)
      await viewer.page.getByText('Recent Experiments').waitFor()
      t.notOk(await viewer.page.getByText('Start Demo').isVisible(), 'what is closed is hidden')
      t.notOk(await viewer.page.getByText('MLflow Assistant').first().isVisible())
      await viewer.picture(`home-${scheme}`)
    }),
  )

  t.test(`a person in several environments chooses, sees production, and takes a token (${scheme})`, (t) =>
    withBrowser(t, scheme, async (viewer) => {
      const { page } = viewer
      await logIn(viewer, 'Bo Lind', '/')
      await page.getByText('Which environment?').waitFor()
      await viewer.picture(`choice-${scheme}`)
      await page.getByRole('link', { name: 'acc' }).click()
      await page.getByText('churn').first().waitFor()
      await bar(viewer).locator('summary').click()
      await viewer.picture(`menu-${scheme}`)
      await bar(viewer).getByRole('link', { name: 'prod (production)' }).click()
      await page.getByText('PRODUCTION', { exact: true }).waitFor()
      await page.getByText('Default').first().waitFor()
      t.equal(new URL(page.url()).pathname, '/env/prod/')
      const colour = await bar(viewer)
        .locator('nav')
        .evaluate((nav) => getComputedStyle(nav).backgroundColor)
      t.equal(colour, 'rgb(200, 45, 76)')
      await viewer.picture(`production-${scheme}`)
      await bar(viewer).locator('summary').click()
      await bar(viewer).getByRole('link', { name: 'Use it from code' }).click()
      await page.getByText('az account get-access-token').waitFor()
      await copyAll(t, viewer, scheme)
      await viewer.picture(`code-${scheme}`)
      await page.setViewportSize({ width: 390, height: 800 })
      t.same(await page.evaluate(() => innerWidth - document.documentElement.scrollWidth), 0, 'a phone scrolls nothing sideways')
      const cut = await page.locator('pre').evaluateAll((all) => all.filter((pre) => pre.scrollWidth > pre.clientWidth).length)
      t.equal(cut, 0, 'and shows whole lines')
      await viewer.picture(`code-narrow-${scheme}`)
      await page.setViewportSize({ width: 1400, height: 900 })
      await page.getByRole('button', { name: 'Show a token once' }).click()
      const token = /MLFLOW_TRACKING_TOKEN=(eyJ[\w.-]+)/.exec(await viewer.words())?.[1] ?? ''
      await viewer.picture(`token-${scheme}`)
      const me = await fetch(`${url}/env/prod/-/whoami`, { headers: { authorization: `Bearer ${token}` } })
      t.match(JSON.parse(await me.text()), { environment: 'prod' })
      await page.goto(`${url}/env/nowhere/`)
      await page.getByRole('link', { name: 'Your environments' }).waitFor()
      await viewer.picture(`refused-${scheme}`)
    }),
  )

  t.test(`who is in no environment reads why, and can use another account (${scheme})`, (t) =>
    withBrowser(t, scheme, async (viewer) => {
      const { page } = viewer
      await logIn(viewer, 'Dan Roos', '/')
      await page.getByText(/groups \(cooks\) belong to no environment/).waitFor()
      await viewer.picture(`nowhere-${scheme}`)
      t.equal(await cookieOf(viewer), undefined)
      await page.getByRole('link', { name: 'Use another account' }).click()
      await viewer.picture(`log-out-${scheme}`)
      await page.getByRole('button', { name: 'Log out' }).click()
      await page.waitForURL(`${url}/-/logged-out**`)
      await viewer.picture(`logged-out-${scheme}`)
      await page.getByRole('link', { name: 'Log in again' }).click()
      await page.getByText('Anna Ek').click()
      await bar(viewer).waitFor()
    }),
  )
}

t.test('a login is renewed while its page is used, and when it has ended the bar leads to a new one', (t) =>
  withBrowser(
    t,
    'light',
    async (viewer) => {
      const { page } = viewer
      const now = Math.floor(Date.now() / 1_000)
      entra.tricks.accessClaims = { iat: now - 3_500, nbf: now - 3_500, exp: now + 100 }
      await logIn(viewer, 'Anna Ek', '/')
      await page.getByText('Recent Experiments').waitFor()
      entra.tricks.accessClaims = {}
      const first = await cookieOf(viewer)
      await page.goto(`${url}${runs}`)
      await page.reload()
      await page.getByText('acc-first').first().waitFor()
      t.ok(entra.grants.includes('refresh_token'))
      t.not((await cookieOf(viewer))?.value, first?.value)
      t.notOk(await page.getByText('Your login has ended').isVisible())
      await page.context().clearCookies({ name: session })
      await page.getByText('acc-first').first().click()
      await page.getByText('Your login has ended').waitFor()
      await viewer.picture('ended')
      await bar(viewer).getByRole('link', { name: 'Log in again' }).click()
      await page.getByText('depth').first().waitFor()
      t.match(page.url(), /#\/experiments\/\d+\/runs\/[0-9a-f]{32}/, 'the page that was open')
    },
    true,
  ),
)

t.test('another site’s page changes nothing, with a form or by a script', async (t) => {
  const viewer = await look(browser, url, null)
  t.teardown(() => viewer.close())
  const { page } = viewer
  await logIn(viewer, 'Anna Ek', '/')
  await bar(viewer).waitFor()
  const attack = `<form method=post action="${url}/-/logout"><button>Win a prize</button></form><form method=post action="${url}/-/code"><button>Look</button></form>`
  const site = createServer((_request, response) => void response.setHeader('content-type', 'text/html').end(attack))
  await once(site.listen(0, 'localhost'), 'listening')
  t.teardown(() => site.close())
  const address = site.address()
  const evil = `http://localhost:${typeof address === 'object' ? address?.port : ''}/`
  for (const button of ['Win a prize', 'Look']) {
    await page.goto(evil)
    await page.getByRole('button', { name: button }).click()
    await page.waitForURL(`${url}/-/**`)
    t.notMatch(await viewer.words(), /MLFLOW_TRACKING_TOKEN=eyJ|logged out/)
  }
  await page.goto(evil)
  await page.evaluate(async (target) => {
    await fetch(target, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"name":"stolen"}' }).catch(() => null)
  }, `${url}/ajax-api/2.0/mlflow/registered-models/create`)
  await page.goto(`${url}/#/models`)
  await page.getByText('fraud').first().waitFor()
  t.notMatch(await viewer.words(), /stolen/)
  t.ok(await cookieOf(viewer), 'nobody was logged out')
})
