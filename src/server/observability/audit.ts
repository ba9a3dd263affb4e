import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { decidingGroups } from '../../policy/environments/choose-environment.ts'
import type { PolicyConfig } from '../../policy/environments/environment.ts'
import { type AuditLine, schemaVersion } from './audit-fields.ts'
import type { AuditRecord } from './audit-record.ts'
import type { ClientAddressOf } from './client-address.ts'
import { traceIdOf } from './request-ids.ts'

/** Where audit lines go. */
export interface AuditStream {
  readonly log: Pick<Logger, 'info'>
  /** Why lines are being lost, or would be; null: they are not. */
  failing(): string | null
}

/** Audit lines in the log. The level of the log is no concern of theirs; all their fields are listed in `audit-fields.ts`, so that no redaction is needed. */
export function auditInLog(log: Logger, failing: AuditStream['failing'] = () => null): AuditStream {
  return { log: log.child({}, { redact: [], level: 'info' }), failing }
}

/** What every line is completed with. */
export interface AuditContext {
  readonly config: PolicyConfig
  readonly configHash: string
  readonly clientAddressOf: ClientAddressOf
}

/** What a line says besides its record. */
interface Outcome {
  readonly requestId: string
  readonly traceId: string | null
  readonly forwardedFor?: string | string[] | undefined
  readonly method: string | null
  readonly reason: string | null
  readonly status: number | null
  readonly complete: boolean
  readonly durationMs: number | null
}

/** Without what pino adds to each line. */
type Written = Omit<AuditLine, 'level' | 'time' | 'msg'>

/** The one line that is written per request: who, from where, what, decided how and why. Never a token or a value. */
export class Audit {
  readonly #log: AuditStream['log']
  readonly #context: AuditContext

  constructor({ log }: AuditStream, context: AuditContext) {
    this.#log = log
    this.#context = context
  }

  #write(record: AuditRecord, outcome: Outcome): void {
    const { config, configHash, clientAddressOf } = this.#context
    const { principal } = record
    const line: Written = {
      audit: true,
      schemaVersion,
      requestId: outcome.requestId,
      traceId: outcome.traceId,
      tenantId: principal?.tenantId ?? null,
      objectId: principal?.objectId ?? null,
      kind: principal?.kind ?? null,
      userName: principal?.name ?? null,
      applicationId: principal?.applicationId ?? null,
      groups: principal === null ? [] : decidingGroups(config, principal),
      environment: record.environment?.name ?? null,
      askedEnvironment: record.askedEnvironment,
      administrator: record.administrator,
      clientAddress: clientAddressOf(record.peer, outcome.forwardedFor),
      method: outcome.method,
      action: record.action,
      endpoint: record.endpoint,
      references: record.references,
      details: record.details,
      promotion: record.promotion,
      decision: record.decision,
      reason: outcome.reason,
      wouldRefuse: record.wouldRefuse,
      status: outcome.status,
      complete: outcome.complete,
      upstreamStatus: record.upstreamStatus,
      upstreamRequestId: record.upstreamRequestId,
      durationMs: outcome.durationMs,
      configHash,
    }
    this.#log.info(line, 'request')
  }

  /** Writes the line of a request whose answer has ended. */
  write({ id, auditRecord, method, headers }: FastifyRequest, { raw, statusCode, elapsedTime }: FastifyReply): void {
    this.#write(auditRecord, {
      requestId: id,
      traceId: traceIdOf(headers),
      forwardedFor: headers['x-forwarded-for'],
      method,
      reason: auditRecord.reason ?? (raw.writableFinished ? null : 'client-gone'),
      // If the answer is incomplete, the client may not have seen a status.
      status: raw.headersSent ? statusCode : null,
      complete: raw.writableFinished,
      durationMs: Math.round(elapsedTime * 10) / 10,
    })
  }

  /** The line for bytes that were not a request: nothing in them can be trusted, so none of them is logged. `record` is new. */
  writeUnreadable(record: AuditRecord, requestId: string, status: number): void {
    record.endpoint = 'unreadable'
    record.decision = 'deny'
    const unknown = { traceId: null, method: null, durationMs: null }
    this.#write(record, { ...unknown, requestId, reason: 'malformed', status, complete: true })
  }
}
