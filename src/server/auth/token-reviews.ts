import { hash } from 'node:crypto'
import type { Authenticated } from '../../policy/identity/claims.ts'
import { Refusal } from '../../policy/reasons.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { type Kept, RememberedAnswers } from './remembered-answers.ts'
import type { TokenReviewClient } from './token-review-client.ts'

/** For a minute a token of a pod that is gone still works, or for five while the API server cannot be asked. */
const kept: Kept<Authenticated> = { callers: 10_000, fresh: 60_000, stale: 5 * 60_000, refused: 10_000 }

export interface TokenReviewOptions {
  /** What people call the cluster. */
  readonly name: string
  readonly client: Pick<TokenReviewClient, 'review' | 'close'>
  /** Hears when the API server begins to fail, and why. */
  readonly report: (problem: string) => void
  /** Milliseconds. */
  readonly clock?: (() => number) | undefined
}

/** Confirms service accounts' tokens by asking the API server of their cluster, and remembers what it said. */
export class TokenReviews {
  readonly #options: TokenReviewOptions
  readonly #clock: () => number
  readonly #answers: RememberedAnswers<Authenticated>
  #failed: { readonly problem: string; readonly at: number } | null = null

  constructor(options: TokenReviewOptions) {
    this.#options = options
    this.#clock = options.clock ?? (() => performance.now())
    this.#answers = new RememberedAnswers(kept, this.#clock)
  }

  /** The bearer of a token whose signature, times and audience were verified, if the API server still knows it. Rejects with a Refusal. */
  confirm(token: string, verified: Authenticated): Promise<Authenticated> {
    return this.#answers.about(hash('sha256', token), () => this.#ask(token, verified))
  }

  /** What operators should know of, or null: why the API server could not be asked the last time, in the last minutes. */
  concern(): string | null {
    if (this.#failed === null || this.#clock() - this.#failed.at > kept.stale) return null
    return `the API server of ${this.#options.name} could not be asked about tokens: ${this.#failed.problem}`
  }

  close(): Promise<void> {
    return this.#options.client.close()
  }

  async #ask(token: string, verified: Authenticated): Promise<Authenticated> {
    try {
      await this.#options.client.review(token, verified.principal.objectId, verified.audience)
      this.#failed = null
      return verified
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'unauthenticated') this.#failed = null
      else this.#note(describeReviewFailure(error))
      throw error
    }
  }

  #note(problem: string): void {
    if (this.#failed === null) this.#options.report(problem)
    this.#failed = { problem, at: this.#clock() }
  }
}

/** Why the API server did not tell, for operators. */
export function describeReviewFailure(error: unknown): string {
  return describeNetworkError(error instanceof Refusal ? (error.cause ?? error) : error)
}
