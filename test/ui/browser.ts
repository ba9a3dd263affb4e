import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page, type Response } from 'playwright-core'
import { findChromium } from '../../scripts/setup/chromium.mjs'
import { root } from '../../scripts/setup/ensure.mjs'

/** A person before a browser, signed in by a bearer token on every request to the proxy. */
export interface Viewer {
  readonly page: Page
  /** Every text that the server sent to the browser so far: pages and JSON, no scripts. */
  readonly heard: readonly { readonly url: string; readonly status: number; readonly text: string }[]
  /** Requests that left for another host: there must be none. */
  readonly strayed: readonly string[]
  /** Errors of the page's own scripts, and what its policy forbade. */
  readonly complaints: readonly string[]
  /** Opens a page of the UI and waits until it says something. */
  open(path: string, text: string | RegExp): Promise<void>
  /** The page's words. */
  words(): Promise<string>
  /** From now on everything is asked with another token. */
  become(token: string): Promise<void>
  /** Keeps a picture for whoever looks at the test's output. */
  picture(name: string): Promise<void>
  close(): Promise<void>
}

const pictures = join(root, '.cache', 'ui')

/** Starts Debian's Chromium, headless. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === null) throw new Error('Chromium was not found: npm test installs it')
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
}

async function textOf(response: Response): Promise<string> {
  const type = response.headers()['content-type'] ?? ''
  return /json|html|plain/.test(type) ? response.text().catch(() => '') : ''
}

function listen(
  context: BrowserContext,
  proxyUrl: string,
  heard: { url: string; status: number; text: string }[],
  strayed: string[],
) {
  context.on('request', (request) => {
    if (/^https?:/.test(request.url()) && !request.url().startsWith(proxyUrl)) strayed.push(request.url())
  })
  context.on('response', async (response) => {
    heard.push({ url: response.url().replace(proxyUrl, ''), status: response.status(), text: await textOf(response) })
  })
}

/** Failed requests are recorded as answers; any other console error means that a page is broken. */
function listenToPage(page: Page, complaints: string[]) {
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() === 'error' && !/Failed to load resource|Fetch failed|ResizeObserver/.test(text)) complaints.push(text)
  })
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Lets somebody look at the UI that the proxy serves; without a token they may log in. */
export async function look(
  browser: Browser,
  proxyUrl: string,
  token: string | null,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<Viewer> {
  const headers = token === null ? {} : { extraHTTPHeaders: bearer(token) }
  const context = await browser.newContext({ ...headers, colorScheme, viewport: { width: 1400, height: 900 } })
  const heard: { url: string; status: number; text: string }[] = []
  const strayed: string[] = []
  listen(context, proxyUrl, heard, strayed)
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const complaints: string[] = []
  listenToPage(page, complaints)
  return {
    page,
    heard,
    strayed,
    complaints,
    become: (other) => context.setExtraHTTPHeaders(bearer(other)),
    open: async (path, text) => {
      await page.goto(`${proxyUrl}${path}`)
      await page.getByText(text).first().waitFor()
    },
    words: async () => (await page.locator('body').allInnerTexts()).join(' ').replace(/\s+/g, ' '),
    picture: async (name) => {
      mkdirSync(pictures, { recursive: true })
      await page.screenshot({ path: join(pictures, `${name}.png`) })
    },
    close: () => context.close(),
  }
}
