import { Refusal } from '../../policy/reasons.ts'
import { type Cookie, largestCookie, setCookie } from './cookies.ts'
import { endingName, endingNames, type IssuerLogout, type LoginMark, longestLogin, type Proof } from './login-ends.ts'
import type { LoginMemory, Once } from './login-memory.ts'
import type { Seal } from './seal.ts'
import { packSession, type Session, unpackSession } from './session.ts'

/** A session that was looked at anew. */
export interface Renewed {
  readonly session: Session
  /** The `Set-Cookie` header of a cookie that changed. */
  readonly header: string | null
}

/** Where sessions are kept. Each has a value for the browser's cookie, which nobody can make who does not keep them. */
export interface SessionStore {
  /** The `Set-Cookie` header of a new session. */
  write(session: Session): Promise<string>
  /** The session of a cookie's value. Rejects with Refusal 'unauthenticated' if there is none that is still good. */
  read(value: string): Promise<Session>
  /** Ends a session: whoever copied its cookie cannot use it any more. */
  end(session: Session): Promise<void>
  /** Ends every session that a logout of the issuer is about, and has begun. */
  endAtIssuer(logout: IssuerLogout, proof: Proof): Promise<void>
  /** Whether a session is known to have ended. */
  hasEnded(mark: LoginMark): Promise<boolean>
  /** Does what a message says, unless that has been done: whether it did. A message whose work failed may come again. */
  doOnce(message: Once, work: () => Promise<void>): Promise<boolean>
  /**
   * Keeps what `work` makes of the session as it is now. Where replicas share the store, one of them does so at a time; null if another
   * one does just now, unless this one `waits` for it.
   */
  renew(session: Session, waits: boolean, work: (latest: Session) => Promise<Session>): Promise<Renewed | null>
  close(): Promise<void>
}

type Memory = Pick<LoginMemory, 'end' | 'hasEnded' | 'useOnce'>

/** The refusal of a cookie; in each case a new login is the way on. */
export function refuseSession(why: string): Refusal {
  return new Refusal('unauthenticated', `${why}: log in again.`)
}

/**
 * Keeps sessions in the browsers themselves, sealed. Replicas share nothing but the key, so an ended session is only refused by the
 * replica that heard of its end; its access token's end still holds everywhere.
 */
export class SealedSessions implements SessionStore {
  readonly #cookie: Cookie
  readonly #seal: Seal
  readonly #tenantId: string
  readonly #now: () => number
  readonly #memory: Memory

  /** `now` in milliseconds since 1970. */
  constructor(cookie: Cookie, seal: Seal, tenantId: string, memory: Memory, now: () => number) {
    this.#memory = memory
    this.#cookie = cookie
    this.#seal = seal
    this.#tenantId = tenantId
    this.#now = now
  }

  async write(session: Session): Promise<string> {
    const whole = await this.#header(session)
    // Without the refresh token it ends with its access token.
    const header = whole ?? (await this.#header({ ...session, refreshToken: null }))
    if (header !== null) return header
    throw new Refusal('no-environment', 'You are in more environments than a login can keep. Use a token instead of the browser.')
  }

  async #header(session: Session): Promise<string | null> {
    const value = await this.#seal.close(packSession(session), session.endsAt)
    return setCookie(this.#cookie, value, session.endsAt - this.#now() / 1_000)
  }

  async read(value: string): Promise<Session> {
    if (value.length > largestCookie) throw refuseSession("The login's cookie is larger than this server makes them")
    const opened = await this.#seal.open(value)
    if (opened === 'expired') throw refuseSession('Your login has ended')
    if (opened === 'forged') throw refuseSession("The login's cookie was not made by this server, or its key has changed since")
    const session = unpackSession(opened, this.#tenantId)
    if (session === null) throw refuseSession('Your login was made by another version of this server')
    if (await this.hasEnded(session)) throw refuseSession('You have logged out')
    return session
  }

  async end({ id, endsAt }: Session): Promise<void> {
    const left = endsAt * 1_000 - this.#now()
    if (left > 0) await this.#memory.end({ name: id, at: this.#now(), milliseconds: left })
  }

  endAtIssuer(logout: IssuerLogout, proof: Proof): Promise<void> {
    return this.#memory.end({ name: endingName(logout, proof), at: this.#now(), milliseconds: longestLogin })
  }

  async hasEnded(mark: LoginMark): Promise<boolean> {
    return this.#memory.hasEnded([mark.id, ...endingNames(mark)], mark.begunAt)
  }

  async doOnce(message: Once, work: () => Promise<void>): Promise<boolean> {
    if (!(await this.#memory.useOnce(message))) return false
    await work()
    return true
  }

  async renew(session: Session, _waits: boolean, work: (latest: Session) => Promise<Session>): Promise<Renewed> {
    const renewed = await work(session)
    return { session: renewed, header: await this.write(renewed) }
  }

  async close(): Promise<void> {}
}
