import type { IncomingMessage } from 'node:http'
import type { RequestedReference } from '../../policy/audited-references.ts'
import type { Action } from '../../policy/endpoints/endpoint.ts'
import type { Environment } from '../../policy/environments/environment.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import type { AuditDetails } from '../../policy/meanings/audit-detail.ts'
import type { AuditLine } from './audit-fields.ts'

/** What is recorded about a request, for the audit line, the log and the metrics. */
export interface AuditRecord {
  principal: Principal | null
  environment: Environment | null
  administrator: boolean
  /** The environment that the address names. */
  askedEnvironment: string | null
  /** The machine at the other end of the connection; null on a Unix socket. */
  readonly peer: string | null
  endpoint: string
  action: Action | null
  references: readonly RequestedReference[]
  details: AuditDetails | null
  /** What a request to promote a version is about; null: it is another one. */
  promotion: AuditLine['promotion']
  decision: 'allow' | 'deny' | 'none'
  reason: string | null
  /** In an environment in shadow: the reason for which the request would have been refused. */
  wouldRefuse: string | null
  /** What the caller was told, where that repeats nothing of the request; for the log. */
  said: string | null
  upstreamStatus: number | null
  upstreamRequestId: string | null
}

/** The audit record of a request that has just begun. */
export function newAuditRecord({ socket }: Pick<IncomingMessage, 'socket'>): AuditRecord {
  return {
    principal: null,
    environment: null,
    administrator: false,
    askedEnvironment: null,
    // A socket that is closed does not tell.
    peer: socket.remoteAddress ?? null,
    endpoint: 'unknown',
    action: null,
    references: [],
    details: null,
    promotion: null,
    decision: 'none',
    reason: null,
    wouldRefuse: null,
    said: null,
    upstreamStatus: null,
    upstreamRequestId: null,
  }
}
