import type { UpstreamAnswer } from './upstream-answer.ts'
import type { CallerCredentials } from './upstream-credentials.ts'

/** One request to MLflow, for a look-up or a change. */
export interface Exchange {
  readonly method: string
  readonly target: string
  readonly body: string | Uint8Array | null
  readonly headers?: Readonly<Record<string, string>>
  readonly caller: CallerCredentials
  readonly repeatable: boolean
  /** Whether it only reads, and may be cancelled if its client disconnects. */
  readonly reads?: boolean
  /** Whether who reads a successful answer charges what it becomes, beyond its text. */
  readonly chargedByReader?: boolean
  /** Milliseconds for the answer, if different from other messages. */
  readonly within?: number
  readonly noteStatus?: CallerCredentials['noteStatus']
}

/** Sends one exchange and reads its answer. */
export type SendExchange = (exchange: Exchange) => Promise<UpstreamAnswer>

/** A layer between the upstream's client and its connections. */
export type Layer = (send: SendExchange) => SendExchange
