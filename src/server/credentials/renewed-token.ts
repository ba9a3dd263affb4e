import type { Logger } from 'pino'
import { Refusal } from '../../policy/reasons.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { IssuerError } from './issuer-error.ts'
import type { Grant } from './token-endpoint.ts'

/** Milliseconds. A token is renewed this long before it expires, or when a quarter of its lifetime is left, whichever is later. */
const ahead = 5 * 60_000
/** Milliseconds between attempts to renew a token that is still valid. */
const retryInterval = 10_000

/** A token and its expiry, by the requester's clock. */
interface Held {
  readonly token: string
  readonly renewAt: number
  readonly endsAt: number
}

/** What a token is asked with, and what is told of a failure. */
export interface RenewedTokenOptions {
  /** Asks the issuer. A Refusal that it throws is the caller's to hear; anything else is told in the log. */
  readonly ask: () => Promise<Grant>
  readonly log: Pick<Logger, 'warn'>
  /** For the log: whose token it is. */
  readonly about?: Readonly<Record<string, unknown>>
  /** Milliseconds. */
  readonly clock?: () => number
  /** For callers, while there is no token. */
  readonly unavailable?: string
}

/** A token that is asked for once at a time, cached, and replaced shortly before it expires. It outlives an issuer that is down. */
export class RenewedToken {
  readonly #options: RenewedTokenOptions
  readonly #clock: () => number
  #held: Held | null = null
  #flight: Promise<void> | null = null
  #failedAt = Number.NEGATIVE_INFINITY
  /** Milliseconds for which the issuer asked not to be asked. */
  #rest = 0
  #droppedAt = Number.NEGATIVE_INFINITY
  #failure: Error | null = null

  constructor(options: RenewedTokenOptions) {
    this.#options = options
    this.#clock = options.clock ?? (() => performance.now())
  }

  /** A valid token. Throws the Refusal of `ask`, or 'upstream-unavailable', if there is none. */
  async read(): Promise<string> {
    const now = this.#clock()
    const held = this.#held !== null && now < this.#held.endsAt ? this.#held : null
    if (held !== null && now < held.renewAt) return held.token
    const failedRecently = now - this.#failedAt < Math.max(held === null ? 1_000 : retryInterval, this.#rest)
    if (!failedRecently) this.#flight ??= this.#renew().finally(() => (this.#flight = null))
    // A token that is still valid is used while the next one is requested.
    if (held !== null) return held.token
    await this.#flight
    if (this.#held !== null && this.#clock() < this.#held.endsAt) return this.#held.token
    throw this.#refusal()
  }

  /**
   * Records that a token was not accepted; true if a new one is requested, for which the next caller waits. A second token refused within
   * ten seconds is kept: another one would not help.
   */
  drop(token: string): boolean {
    if (this.#held?.token !== token) return true
    if (this.#clock() - this.#droppedAt < retryInterval) return false
    this.#droppedAt = this.#clock()
    this.#held = null
    return true
  }

  #refusal(): Refusal {
    if (this.#failure instanceof Refusal) return this.#failure
    const { unavailable = 'The proxy cannot get credentials for MLflow at the moment. Try again shortly.' } = this.#options
    const refusal = new Refusal('upstream-unavailable', unavailable)
    refusal.cause = this.#failure
    return refusal
  }

  async #renew(): Promise<void> {
    const asked = this.#clock()
    try {
      const { token, seconds } = await this.#options.ask()
      const life = seconds * 1_000
      this.#held = { token, renewAt: asked + Math.max(life - ahead, (life * 3) / 4), endsAt: asked + life - 1_000 }
      this.#failure = null
    } catch (error) {
      this.#failedAt = this.#clock()
      this.#rest = error instanceof IssuerError ? error.retryAfter * 1_000 : 0
      if (error instanceof Refusal) {
        this.#failure = error
        return
      }
      this.#failure = new Error(describeNetworkError(error), { cause: error })
      this.#options.log.warn({ problem: this.#failure.message, ...this.#options.about }, 'no token for MLflow is available')
    }
  }
}
