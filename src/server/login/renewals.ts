import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { Refusal } from '../../policy/reasons.ts'
import type { IssuedTokens, IssuerClient } from './issuer-client.ts'
import { renewalRefusal } from './login-error.ts'
import { renewSession, type TokenCheck } from './open-session.ts'
import type { Session } from './session.ts'
import { refuseSession, type SessionStore } from './session-store.ts'

/** A session that is good now. */
export interface Current {
  readonly session: Session
  /** The `Set-Cookie` header of a session that was renewed just now. */
  readonly header: string | null
  /** Null: not known to this process. */
  readonly accessToken: string | null
}

/** A session is renewed this many seconds before its access token ends, or when a quarter of the token's time is left, whichever is later. */
const ahead = 300
/** Milliseconds: how long an answer counts for others who bring the same cookie, and how long a failure does. */
const kept = { renewed: 3_600_000, failed: 10_000 } as const
const most = 2_000

/** The issuer renewed nothing: it is down, or another replica renewed the login at this moment, or the person may not come any more. */
class NotRenewed extends Refusal {}

/** Told of every renewal; `problem`: why it failed, in words that are good for a log. */
export type ReportRenewal = (renewal: { readonly problem: string | null }) => void

export interface RenewalParts {
  readonly check: TokenCheck
  readonly store: SessionStore
  readonly issuer: Pick<IssuerClient, 'renew'>
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly report: ReportRenewal
}

/**
 * Renews sessions before their access tokens end. Pages send many requests at once, and issuers may take a refresh token only once: all
 * requests with the same cookie share one renewal, also those that come after it because the new cookie was not yet there, or was lost.
 */
export class Renewals {
  readonly #parts: RenewalParts
  readonly #renewed = new LRUCache<string, Promise<Current>>({ max: most, ttl: kept.renewed })
  readonly #tokens = new LRUCache<string, string>({ max: most })

  constructor(parts: RenewalParts) {
    this.#parts = parts
  }

  #secondsLeft({ authenticated }: Session): number {
    return authenticated.validity.expiresAt - this.#parts.now() / 1_000
  }

  /** Keeps the access token of a login, for an upstream that is asked with it. */
  keepToken({ id }: Session, accessToken: string): void {
    this.#tokens.set(id, accessToken)
  }

  /** The session, renewed if it is time to, or if the token is needed and not here. Rejects with a Refusal. */
  async current(session: Session, needsToken: boolean): Promise<Current> {
    const accessToken = this.#tokens.get(session.id) ?? null
    const { issuedAt, expiresAt } = session.authenticated.validity
    const isFresh = this.#secondsLeft(session) > Math.min(ahead, (expiresAt - issuedAt) / 4)
    if (isFresh && (accessToken !== null || !needsToken)) return { session, header: null, accessToken }
    try {
      return await this.renew(session)
    } catch (error) {
      // Until its end, the access token proves what it did, unless its person has left or is another one.
      const isGood = this.#secondsLeft(session) > 0 && (accessToken !== null || !needsToken)
      const goesOn = error instanceof NotRenewed || (error instanceof Refusal && error.reason === 'upstream-unavailable')
      if (isGood && goesOn) return { session, header: null, accessToken }
      throw error
    }
  }

  /** Renews a session whatever its time. */
  renew(session: Session): Promise<Current> {
    if (session.refreshToken === null) return Promise.reject(refuseSession('Your login has ended'))
    const key = hash('sha256', `${session.id} ${session.refreshToken}`)
    const running = this.#renewed.get(key)
    if (running !== undefined) return running
    const { report } = this.#parts
    const renewal = this.#renew(session, session.refreshToken).then(
      (current) => {
        report({ problem: null })
        return current
      },
      (error) => {
        this.#renewed.set(key, renewal, { ttl: kept.failed })
        report({ problem: error instanceof Refusal ? error.message : String(error) })
        throw error
      },
    )
    this.#renewed.set(key, renewal)
    return renewal
  }

  async #ask(refreshToken: string): Promise<IssuedTokens> {
    try {
      return await this.#parts.issuer.renew(refreshToken)
    } catch (error) {
      const { reason, message } = renewalRefusal(error)
      throw new NotRenewed(reason, message)
    }
  }

  async #renew(session: Session, refreshToken: string): Promise<Current> {
    const { check, store } = this.#parts
    const tokens = await this.#ask(refreshToken)
    const renewed = await renewSession(check, session, tokens)
    this.#tokens.set(session.id, tokens.accessToken)
    return { session: renewed, header: await store.write(renewed), accessToken: tokens.accessToken }
  }
}
