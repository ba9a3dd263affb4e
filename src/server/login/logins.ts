import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticated } from '../../policy/identity/claims.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { BrowserSessions } from '../http/browser.ts'
import { checkOwnChange } from '../http/cross-site.ts'
import { loginPaths } from '../http/login-paths.ts'
import { type Cookie, cookieValues, dropCookie } from './cookies.ts'
import { basePathOf, readOwnPath } from './own-path.ts'
import type { Renewals } from './renewals.ts'
import type { Session } from './session.ts'
import { refuseSession, type SessionStore } from './session-store.ts'

/** The address that begins a login and comes back to a page; to the entrance from an address that is no good for that. */
function loginAddressOf(url: string, publicUrl: string): string {
  const base = basePathOf(publicUrl)
  const begin = (path: string) => `${base}${loginPaths.login}?to=${encodeURIComponent(path)}`
  try {
    return begin(readOwnPath(`${base}${url}`, publicUrl))
  } catch (error) {
    if (error instanceof Refusal) return begin(`${base}/`)
    throw error
  }
}

/** The logins of people with a browser, by the cookies of their requests. */
export class Logins implements BrowserSessions {
  readonly #cookie: Cookie
  readonly #store: SessionStore
  readonly #renewals: Renewals
  readonly #publicUrl: string
  readonly #needsToken: boolean

  /** `needsToken`: the upstream is asked with the caller's own token. */
  constructor(cookie: Cookie, store: SessionStore, renewals: Renewals, publicUrl: string, needsToken: boolean) {
    this.#cookie = cookie
    this.#store = store
    this.#renewals = renewals
    this.#publicUrl = publicUrl
    this.#needsToken = needsToken
  }

  /** The session in a request's cookie, whatever its access token's time; null without a cookie. Rejects with Refusal 'unauthenticated'. */
  async sessionOf({ headers }: FastifyRequest): Promise<Session | null> {
    const [value, ...others] = cookieValues(headers.cookie, this.#cookie)
    if (value === undefined) return null
    if (others.length > 0) throw refuseSession('Your browser sent several logins, of which this server made one at most')
    return this.#store.read(value)
  }

  async authenticate(request: FastifyRequest, reply: FastifyReply): Promise<Authenticated | null> {
    const loginAddress = loginAddressOf(request.raw.url ?? '/', this.#publicUrl)
    request.browser = { person: null, loginAddress, basePath: basePathOf(this.#publicUrl) }
    try {
      const session = await this.sessionOf(request)
      if (session === null) return null
      checkOwnChange(request.raw)
      const current = await this.#renewals.current(session, this.#needsToken)
      if (current.header !== null) reply.header('set-cookie', current.header)
      request.browser = { ...request.browser, person: current.session.person }
      if (this.#needsToken) request.heldToken = current.accessToken
      return current.session.authenticated
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'unauthenticated') reply.header('set-cookie', dropCookie(this.#cookie))
      throw error
    }
  }
}
