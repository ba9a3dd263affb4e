import type { Browser } from './browser.ts'
import type { Failure } from './failure.ts'
import { loginPaths } from './login-paths.ts'
import { escapeHtml, plainPage } from './plain-page.ts'

const titles: Readonly<Record<number, string>> = {
  403: 'This is not open to you',
  404: 'There is nothing here',
  503: 'Not available at the moment',
}

/** The ways on from a page where people log in: a login that comes back, or else to where they are let in, perhaps as somebody else. */
function waysOn(asksToLogIn: boolean, { person, loginAddress, basePath }: Browser): string {
  const login = `<a class="button" data-back href="${escapeHtml(loginAddress)}">Log in with Microsoft</a>`
  const environments = `<a class="button" href="${basePath}${loginPaths.environments}">Your environments</a>`
  const leave = `<a class="button plain" href="${basePath}${loginPaths.logout}">Use another account</a>`
  return `<p class="actions">${asksToLogIn ? login : `${person === null ? '' : environments}${leave}`}</p>`
}

/** The page of a refused request; with the ways on where people log in. */
export function refusalPage({ status, body }: Failure, browser: Browser | null): string {
  const asksToLogIn = status === 401 && browser !== null
  const title = asksToLogIn ? 'Log in' : (titles[status] ?? 'This did not work')
  // Nobody needs another account because something does not answer.
  const ways = browser === null || status === 503 ? '' : waysOn(asksToLogIn, browser)
  return plainPage(title, `<p>${escapeHtml(body.message)}</p>${ways}`)
}
