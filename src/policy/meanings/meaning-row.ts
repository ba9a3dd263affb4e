import type { CheckName } from '../checks/check-name.ts'
import type { AuditDetail } from './audit-detail.ts'
import type { Limit } from './limits.ts'

/** What there is to say of one meaning. How it is written upstream: `src/rewrite/request/mappers.ts`. */
export type MeaningRow = {
  /**
   * The most that a field of it may hold. It is looked at before anything else is done with a value: normalising one makes it up to 18 times
   * longer, and reading one costs a hundred times its length. Where MLflow itself takes less, it says so itself; no supported version takes more. Left out: `word`.
   */
  readonly limit?: Limit
  /** What the audit line calls it, where it is a name, an id or a path: nothing that may hold a secret or a value is there. */
  readonly audit?: string
  /** What the audit line says of it besides; the same holds. */
  readonly detail?: AuditDetail
  /** What it holds and how it is judged, for docs/endpoints.md. */
  readonly words: string
} & (
  | { readonly checks: readonly [CheckName, ...CheckName[]] }
  /** Why nothing has to be judged. */
  | { readonly unchecked: string }
)
