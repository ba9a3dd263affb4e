import type { Route } from 'playwright-core'
import type { Test } from 'tap'
import { madeByPage } from '../attacks/hostile-page.ts'
import type { Viewer } from './browser.ts'
import type { Place } from './ui-seeds.ts'

/** What the hostile page asks for on behalf of the person who looks at it. */
export const askedByPage = /experiments\/(create|search\?max_results=5)$/

/** On a page that lists a run's artifacts: the UI's own previews of them. */
export async function checkPreviews(t: Test, viewer: Viewer, name: string): Promise<void> {
  const { page } = viewer
  const choose = (file: string) => page.getByText(file, { exact: true }).first().click()
  await choose('note.txt')
  await page.getByText(`words of ${name}`).first().waitFor()
  await choose('table.csv')
  await page.getByText(name, { exact: true }).last().waitFor()
  await choose('picture.svg')
  await page.locator('img[src^="blob:"], img[src*="picture.svg"]').first().waitFor()
  await choose('film.mp4')
  await choose('page.html')
  const frame = page.frameLocator('iframe').first()
  await frame.getByText('done').waitFor()
  await viewer.picture(`artifact-${name}`)
  const said = await frame.locator('p').allInnerTexts()
  t.match(said.join(), /^(kept out ){5}/, 'the page in the preview reaches nothing around it')
  t.notMatch(said.join(), /reached|\bread /, 'and reads nothing')
  t.not(await page.title(), 'taken over')
  t.same(await page.evaluate(() => localStorage.getItem('taken')), null)
}

/** Answers a request for an artifact as it was answered, but to be shown: a browser would store it as a download. */
const shown = (keepPolicy: boolean) => async (route: Route) => {
  const response = await route.fetch()
  const { 'content-disposition': _offered, 'content-security-policy': policy = '', ...headers } = response.headers()
  await route.fulfill({ response, headers: keepPolicy ? { ...headers, 'content-security-policy': policy } : headers })
}

async function titleOf({ page }: Viewer, url: string, keepPolicy: boolean): Promise<string> {
  await page.route(url, shown(keepPolicy))
  await page.goto(url).catch(() => undefined) // what is no page is stored all the same
  const title = await page.title()
  await page.unroute(url)
  await page.goto('about:blank')
  return title
}

/** The addresses of hostile artifacts, opened as pages of their own. */
export async function checkOpened(t: Test, viewer: Viewer, origin: string, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    const served = viewer.page.waitForResponse(`${origin}${address}`)
    await viewer.page.goto(`${origin}${address}`).catch(() => undefined) // it is offered for download
    t.equal((await served).status(), 200, `${address} was served`)
    t.not(await viewer.page.title(), 'taken over', 'opened, it runs nothing')
    t.not(await titleOf(viewer, `${origin}${address}`, true), 'taken over', 'nor where a browser shows it')
  }
}

/** What came of the tries above says something only where the page would have its way without the policy that comes with it. */
export async function checkItWould(t: Test, viewer: Viewer, address: string): Promise<void> {
  t.equal(await titleOf(viewer, address, false), 'taken over', 'it would run without its policy')
}

/** Nothing was done on behalf of the person who looked. */
export async function checkUntouched(t: Test, viewer: Viewer, { url, token }: Place): Promise<void> {
  const asked = viewer.heard.filter((heard) => askedByPage.test(heard.url))
  t.ok(asked.length > 0, 'the page asked')
  t.ok(
    asked.every(({ status }) => status === 400),
    'and was refused each time',
  )
  const headers = { authorization: `Bearer ${token}` }
  const found = await fetch(`${url}/api/2.0/mlflow/experiments/search?max_results=100`, { headers })
  t.notMatch(await found.text(), madeByPage, 'nothing was made')
}
