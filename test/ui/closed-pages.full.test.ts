import t, { type Test } from 'tap'
import { mlflowVersions } from '../../scripts/setup/python-environments.mjs'
import { look, startBrowser } from './browser.ts'
import { startLoginSetup } from './login-setup.ts'

/** Pages of what belongs to the whole server, and what the bar says of them. Those of the gateway are not there without one. */
const closedPages: Readonly<Record<string, RegExp>> = {
  'settings/webhooks': /Closed here: A webhook of MLflow names no model/,
  'mcp-registry': /Closed here: MCP servers and skills are registered for the whole MLflow server/,
  skills: /Closed here: MCP servers and skills are registered for the whole MLflow server/,
}
const pagesOf: Readonly<Record<string, readonly string[]>> = {
  '3.18.0': Object.keys(closedPages),
  '3.17.2': Object.keys(closedPages).filter((page) => page !== 'skills'),
  '2.22.4': [],
}
const openPages = ['', 'experiments', 'models']

async function lookAt(t: Test, version: string, pages: readonly string[]) {
  const setup = await startLoginSetup({ version })
  const browser = await startBrowser()
  t.teardown(async () => {
    await browser.close()
    await setup.close()
  })
  const { url } = setup.proxy
  const viewer = await look(browser, url, null)
  t.teardown(() => viewer.close())
  const { page } = viewer
  await page.goto(`${url}/#/models`)
  await page.getByRole('link', { name: 'Log in with Microsoft' }).click()
  await page.getByText('Anna Ek').click()
  await page.getByText('fraud').first().waitFor()
  const note = page.locator('#env-proxy-bar p').nth(1)
  for (const path of pages) {
    await page.goto(`${url}/#/${path}`)
    await page
      .getByText(closedPages[path] ?? 'nothing')
      .waitFor({ timeout: 15_000 })
      .catch(() => undefined)
    await viewer.picture(`closed-${version}-${path.replace('/', '-')}`)
    t.match(await note.textContent(), closedPages[path], `${version} ${path}`)
  }
  for (const path of openPages) {
    await page.goto(`${url}/#/${path}`)
    await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined) // some pages poll
    t.equal(await note.isVisible(), false, `${version} ${path}: nothing is said where nothing is closed`)
  }
}

t.setTimeout(10 * 60_000)
for (const version of mlflowVersions.filter((each) => each in pagesOf))
  t.test(`the pages of MLflow ${version} that the proxy closes say why`, (t) => lookAt(t, version, pagesOf[version] ?? []))
