import type { MetricObjectWithValues, MetricValue } from '@prometheus-io/client'
import type { Grant } from '../../policy/grant.ts'
import type { Config } from '../config/config-types.ts'
import type { Ended, Once } from '../login/login-memory.ts'
import type { Status } from '../status/status.ts'

/** The ports for callers. */
export type Port = 'listen' | 'databricksHost'

/** Which of how many workers one is, from 0 on. */
export interface Place {
  readonly index: number
  readonly count: number
}

/** What a worker begins with. */
export interface Start {
  /** With this worker's part of the limits. */
  readonly config: Config
  /** Whether it is the one that looks at MLflow and says what it found. */
  readonly examines: boolean
  readonly pageKey: Uint8Array
  readonly loginKey: Uint8Array
  readonly endedLogins: readonly Ended[]
  readonly promotions: readonly Promotion[]
  readonly auditProblem: string | null
}

/** A promotion that waits or is under way, in any worker. */
export interface Promotion {
  readonly id: string
  readonly keys: Pick<Grant['context'], 'changes' | 'promotes'>
}

/** What operators hear of a worker; null: nothing is wrong. */
export interface Standing {
  readonly waitsFor: string | null
  readonly concern: string | null
}

export type Samples = readonly MetricObjectWithValues<MetricValue<string>>[]

/** What the primary asks a worker. */
export type OfWorker = {
  /** Resolves when it can take connections. */
  readonly begin: { readonly given: Start; readonly answer: null }
  /** With a connection: answered at once, before anything of it is read. */
  readonly connection: { readonly given: Port; readonly answer: null }
  readonly alive: { readonly given: null; readonly answer: null }
  readonly standing: { readonly given: null; readonly answer: Standing }
  readonly status: { readonly given: null; readonly answer: Pick<Status, 'health' | 'refusals'> }
  readonly metrics: { readonly given: null; readonly answer: Samples }
  /** Opens another configuration beside the one at work. */
  readonly prepare: { readonly given: Config; readonly answer: null }
  /** Puts it to work, or closes it. */
  readonly finish: { readonly given: 'commit' | 'abandon'; readonly answer: null }
  readonly loginEnded: { readonly given: Ended; readonly answer: null }
  /** Resolves when no change that excludes it is under way: later ones wait. */
  readonly promotionBegins: { readonly given: Promotion; readonly answer: null }
  readonly promotionEnds: { readonly given: string; readonly answer: null }
  readonly auditProblem: { readonly given: string | null; readonly answer: null }
  /** From now on every answer ends its connection. */
  readonly stop: { readonly given: null; readonly answer: null }
  /** Resolves when every request was answered and every line written. */
  readonly close: { readonly given: null; readonly answer: null }
  /** Ends the process; never answered. */
  readonly leave: { readonly given: null; readonly answer: null }
}

/** What a worker asks the primary. */
export type OfPrimary = {
  /** Resolves when the promotion may go on; `promoted` ends it, and also its waiting. */
  readonly promote: { readonly given: Promotion; readonly answer: null }
  readonly promoted: { readonly given: string; readonly answer: null }
  /** Resolves when every worker knows. */
  readonly endLogin: { readonly given: Ended; readonly answer: null }
  /** Whether nobody used it before. */
  readonly useOnce: { readonly given: Once; readonly answer: boolean }
}
