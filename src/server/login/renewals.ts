import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Validity } from '../../policy/identity/validity.ts'
import { type Reason, Refusal } from '../../policy/reasons.ts'
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

/** Another replica renews the login at this moment. */
class RenewalUnderWay extends Refusal {}

/** The issuer cannot be asked, or whoever is asked about the person. */
const outages: readonly Reason[] = ['issuer-unavailable', 'upstream-unavailable']

/** The issuer renewed nothing: it is down, or another replica renewed the login at this moment, or the person may not come any more. */
class NotRenewed extends Refusal {}

/** Told of every renewal; `problem`: why it failed, in words that are good for a log. */
export type ReportRenewal = (renewal: { readonly problem: string | null }) => void

/** An access token, and when it is good. */
interface HeldToken {
  readonly accessToken: string
  readonly validity: Validity
}

/** Of a token that is not here. */
const never: Validity = { issuedAt: 0, notBefore: 0, expiresAt: 0 }

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
  readonly #tokens = new LRUCache<string, HeldToken>({ max: most })

  constructor(parts: RenewalParts) {
    this.#parts = parts
  }

  #secondsLeft({ expiresAt }: Validity): number {
    return expiresAt - this.#parts.now() / 1_000
  }

  #isFresh(validity: Validity): boolean {
    return this.#secondsLeft(validity) > Math.min(ahead, (validity.expiresAt - validity.issuedAt) / 4)
  }

  /** Keeps the access token of a login, for an upstream that is asked with it. */
  keepToken({ id, authenticated: { validity } }: Session, accessToken: string): void {
    this.#tokens.set(id, { accessToken, validity })
  }

  /** The session, renewed if it is time to, or if the token is needed and not here. Rejects with a Refusal. */
  async current(session: Session, needsToken: boolean): Promise<Current> {
    const held = this.#tokens.get(session.id)
    // Another replica may have renewed the session since this one got its token.
    const times = [session.authenticated.validity, ...(needsToken ? [held?.validity ?? never] : [])]
    const asItIs = { session, header: null, accessToken: held?.accessToken ?? null }
    if (times.every((validity) => this.#isFresh(validity))) return asItIs
    // Until its end, the access token proves what it did, unless its person has left or is another one.
    const isGood = times.every((validity) => this.#secondsLeft(validity) > 0)
    try {
      return await this.renew(session, needsToken ? 'token' : 'session', !isGood)
    } catch (error) {
      const goesOn = error instanceof NotRenewed || (error instanceof Refusal && outages.includes(error.reason))
      if (isGood && goesOn) return asItIs
      throw error
    }
  }

  /**
   * Renews a session whatever its time, for a new `session` or a new `token`: another replica's renewal is as good for the first. `waits`:
   * while another replica renews it.
   */
  renew(session: Session, wanted: 'session' | 'token', waits: boolean): Promise<Current> {
    if (session.refreshToken === null) return Promise.reject(refuseSession('Your login has ended'))
    const { id, refreshToken, authenticated } = session
    const key = hash('sha256', `${id} ${refreshToken} ${authenticated.validity.expiresAt} ${wanted}`)
    const running = this.#renewed.get(key)
    if (running !== undefined) return running
    const { report } = this.#parts
    const renewal = this.#renew(session, wanted, waits).then(
      (current) => {
        report({ problem: null })
        return current
      },
      (error) => {
        if (error instanceof RenewalUnderWay) this.#renewed.delete(key)
        else this.#renewed.set(key, renewal, { ttl: kept.failed })
        if (!(error instanceof RenewalUnderWay)) report({ problem: error instanceof Refusal ? error.message : String(error) })
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

  async #renew(session: Session, wanted: 'session' | 'token', waits: boolean): Promise<Current> {
    const { check, store } = this.#parts
    const renewed = await store.renew(session, waits, async (latest) => {
      if (wanted === 'session' && this.#isFresh(latest.authenticated.validity)) return latest
      if (latest.refreshToken === null) throw refuseSession('Your login has ended')
      const tokens = await this.#ask(latest.refreshToken)
      const next = await renewSession(check, latest, tokens)
      this.keepToken(next, tokens.accessToken)
      return next
    })
    if (renewed === null) throw new RenewalUnderWay('upstream-unavailable', 'Your login is being renewed: try again shortly.')
    return { ...renewed, accessToken: this.#tokens.get(session.id)?.accessToken ?? null }
  }
}
