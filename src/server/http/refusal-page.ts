import type { Browser } from './browser.ts'
import type { Failure } from './failure.ts'
import { escapeHtml, plainPage } from './plain-page.ts'

const titles: Readonly<Record<number, string>> = {
  403: 'This is not open to you',
  404: 'There is nothing here',
  503: 'Not available at the moment',
}

/** A link that begins a login and comes back. */
export function loginLink({ loginAddress }: Browser): string {
  return `<p class="actions"><a class="button" data-back href="${escapeHtml(loginAddress)}">Log in with Microsoft</a></p>`
}

/** The page of a refused request; with the way to log in where that would help. */
export function refusalPage({ status, body }: Failure, browser: Browser | null): string {
  const asksToLogIn = status === 401 && browser !== null
  const title = asksToLogIn ? 'Log in' : (titles[status] ?? 'This did not work')
  return plainPage(title, `<p>${escapeHtml(body.message)}</p>${asksToLogIn ? loginLink(browser) : ''}`)
}
