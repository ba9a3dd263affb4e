import { grantedDetails, requestedDetails } from '../../policy/audited-details.ts'
import { requestedReferences, withVersions } from '../../policy/audited-references.ts'
import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import type { Grant } from '../../policy/grant.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { idIn } from '../../policy/messages/message-fields.ts'
import type { AuditRecord } from '../observability/audit-record.ts'

/** Notes what a decoded request asks for, in the caller's words. */
export function noteRequested(record: AuditRecord, endpoint: OpenEndpoint, message: JsonObject): void {
  record.references = requestedReferences(endpoint, message)
  record.details = requestedDetails(endpoint, message)
}

/** Notes that it is allowed, and what the decision found out. */
export function noteGranted(record: AuditRecord, endpoint: OpenEndpoint, grant: Grant): void {
  record.decision = 'allow'
  record.wouldRefuse = grant.context.wouldRefuse?.reason ?? null
  // Catalog's own API has other names for the same things.
  const requested = grant.endpoint === endpoint ? record.references : requestedReferences(grant.endpoint, grant.message)
  record.references = withVersions(grant.context.references, requested)
  record.details = grantedDetails(record.details, grant.context)
}

/** Notes which version a registration made, and the stage that it reached. */
export function noteMade(record: AuditRecord, answer: JsonObject): void {
  const made = answer.get('model_version')
  if (!(made instanceof Map)) return
  const [version, stage] = [idIn(made, 'version'), idIn(made, 'current_stage')]
  if (version === null) return
  record.references = record.references.map((each) => (each.kind === 'model' && !each.version ? { ...each, version } : each))
  if (stage !== null) record.details = { ...record.details, toStage: stage }
}
