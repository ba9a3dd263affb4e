import { randomBytes } from 'node:crypto'
import type { Config } from './config/config-types.ts'
import { Limits } from './limits/request-limits.ts'
import { LoginMemory } from './login/login-memory.ts'
import type { Metrics } from './observability/metrics.ts'
import { RecentRefusals } from './observability/recent-refusals.ts'
import type { Tracing } from './observability/tracing.ts'
import { PromotionLocks } from './pipeline/promotion-locks.ts'

/** What stays when the configuration is reloaded, because requests of the old and of the new one meet in it. */
export interface ProcessState {
  /** One budget of memory for the process, and its shares. */
  readonly limits: Limits
  /** A promotion waits for changes that were decided about before. */
  readonly promotions: PromotionLocks
  /** Whoever logged out stays logged out. */
  readonly logins: LoginMemory
  /** Seals page tokens where no file has a key: a search goes on after a reload. */
  readonly pageKey: Uint8Array
  /** For the status page; null: there is none. */
  readonly refusals: RecentRefusals | null
  /** Null: requests are not traced. */
  readonly tracing: Tracing | null
}

type Shared = Pick<ProcessState, 'promotions' | 'logins' | 'pageKey'>

const own = (): Shared => ({ promotions: new PromotionLocks(), logins: new LoginMemory(), pageKey: randomBytes(32) })

/** Opens what stays. `shared`: what several processes have together; left out: there is one. */
export function openProcessState(
  { limits: settings, admin: { statusPage } }: Config,
  metrics: Metrics,
  tracing: Tracing | null,
  shared: Shared = own(),
): ProcessState {
  const limits = new Limits(settings)
  metrics.limits.watch(limits)
  const refusals = statusPage === 'none' ? null : new RecentRefusals(statusPage === 'names')
  return { ...shared, limits, refusals, tracing }
}
