import type { UpstreamAnswer } from './upstream-answer.ts'
import type { CallerCredentials } from './upstream-credentials.ts'

/** One question to MLflow, or one change. */
export interface Exchange {
  readonly method: string
  readonly target: string
  readonly body: string | Uint8Array | null
  readonly headers?: Readonly<Record<string, string>>
  readonly caller: CallerCredentials
  readonly repeatable: boolean
  /** Whether it only reads, and may be given up when its client is gone. */
  readonly reads?: boolean
  /** Milliseconds for the answer, where not as for every message. */
  readonly within?: number
  readonly noteStatus?: CallerCredentials['noteStatus']
}

/** Sends one exchange and reads its answer. */
export type SendExchange = (exchange: Exchange) => Promise<UpstreamAnswer>

/** What stands between the client of the upstream and its connections. */
export type Layer = (send: SendExchange) => SendExchange
