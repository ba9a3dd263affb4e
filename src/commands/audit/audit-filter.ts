import { type AuditLine, schemaVersion } from '../../server/observability/audit-fields.ts'

/** Which lines are looked at; what is left out is not asked. */
export interface AuditFilter {
  readonly model?: string
  readonly version?: string
  readonly environment?: string
  readonly who?: string
  readonly decision?: string
  /** Milliseconds since 1970. */
  readonly since?: number
  readonly until?: number
}

/** Whether a line of a log is an audit line of a schema that this program knows; fields that older lines lack are null. */
export function isAuditLine(line: unknown): line is AuditLine {
  if (typeof line !== 'object' || line === null || !('audit' in line) || !('schemaVersion' in line)) return false
  return line.audit === true && line.schemaVersion === schemaVersion && 'references' in line && Array.isArray(line.references)
}

/** Whether a line names a model, as the caller wrote it or as it is upstream; and a version of it, if one is given. */
function namesModel({ references }: AuditLine, model: string | undefined, version: string | undefined): boolean {
  return references.some(
    (each) =>
      each.kind === 'model' &&
      (model === undefined || each.logical === model || each.upstream === model) &&
      (version === undefined || each.version === version),
  )
}

function isBy({ objectId, userName, applicationId }: AuditLine, who: string): boolean {
  return [objectId, userName, applicationId].some((text) => text?.toLowerCase() === who.toLowerCase())
}

/** Whether a line is one of those that are asked for. */
export function passes(filter: AuditFilter, line: AuditLine): boolean {
  const { model, version, environment, who, decision, since, until } = filter
  return (
    ((model === undefined && version === undefined) || namesModel(line, model, version)) &&
    (environment === undefined || line.environment === environment || line.askedEnvironment === environment) &&
    (who === undefined || isBy(line, who)) &&
    (decision === undefined || line.decision === decision) &&
    (since === undefined || line.time >= since) &&
    (until === undefined || line.time < until)
  )
}

/** Fills in the upstream names that a refusal left open, where an earlier line of the same environment has them. */
export class KnownNames {
  readonly #names = new Map<string, string>()

  complete(line: AuditLine): AuditLine {
    const references = line.references.map((each) => {
      const key = `${line.environment} ${each.kind} ${each.logical}`
      if (each.upstream !== null) this.#names.set(key, each.upstream)
      return { ...each, upstream: each.upstream ?? this.#names.get(key) ?? null }
    })
    return { ...line, references }
  }
}
