import type { PolicyConfig } from '../../policy/environments/environment.ts'
import type { RecentRefusal } from '../observability/recent-refusals.ts'

/** A part that requests depend on; `concern` is null where it is well. */
export interface Health {
  readonly part: string
  readonly concern: string | null
}

/** What the proxy says of itself to operators. */
export interface Status {
  readonly config: PolicyConfig
  /** What readiness waits for; null: the proxy is ready. */
  readonly waitsFor: string | null
  readonly health: readonly Health[]
  /** The latest first. */
  readonly refusals: readonly RecentRefusal[]
}
