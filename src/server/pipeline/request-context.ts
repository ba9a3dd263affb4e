import type { ClientMode, Environment } from '../../policy/environments/environment.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import type { Failure } from '../http/failure.ts'
import type { AuditRecord } from '../observability/audit-record.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'

/** Who asks, and from where: settled before any endpoint is looked at. */
export interface RequestContext {
  readonly principal: Principal
  readonly environment: Environment
  /** Whether the caller is an administrator of the environment. */
  readonly administrator: boolean
  readonly mode: ClientMode
  readonly credentials: CallerCredentials
  readonly auditRecord: AuditRecord
}

/** How a journey ends: an answer in the caller's names, or a failure of MLflow's own. */
export type Outcome = { readonly answer: JsonObject } | { readonly failure: Failure }
