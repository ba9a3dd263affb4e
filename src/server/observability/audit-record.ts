import type { RequestedReference } from '../../policy/audited-references.ts'
import type { Environment } from '../../policy/environments/environment.ts'
import type { Principal } from '../../policy/identity/principal.ts'

/** What is recorded about a request, for the audit line and the metrics. */
export interface AuditRecord {
  principal: Principal | null
  environment: Environment | null
  administrator: boolean
  endpoint: string
  references: readonly RequestedReference[]
  decision: 'allow' | 'deny' | 'none'
  reason: string | null
  upstreamStatus: number | null
}

/** The audit record of a request that has just begun. */
export function newAuditRecord(): AuditRecord {
  return {
    principal: null,
    environment: null,
    administrator: false,
    endpoint: 'unknown',
    references: [],
    decision: 'none',
    reason: null,
    upstreamStatus: null,
  }
}
