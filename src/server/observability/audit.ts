import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { decidingGroups } from '../../policy/environments/choose-environment.ts'
import type { PolicyConfig } from '../../policy/environments/environment.ts'
import { type AuditLine, schemaVersion } from './audit-fields.ts'
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

/** What pino adds to each line. */
type Written = Omit<AuditLine, 'level' | 'time' | 'msg'>

/** The one line that is written per request: who, from where, what, decided how and why. Never a token or a value. */
export class Audit {
  readonly #log: AuditStream['log']
  readonly #context: AuditContext

  constructor({ log }: AuditStream, context: AuditContext) {
    this.#log = log
    this.#context = context
  }

  #write(line: Written): void {
    this.#log.info(line, 'request')
  }

  /** Writes the line of a request whose answer has ended. */
  write({ id, auditRecord: record, method, headers }: FastifyRequest, { raw, statusCode, elapsedTime }: FastifyReply): void {
    const { config, configHash, clientAddressOf } = this.#context
    const { principal } = record
    this.#write({
      audit: true,
      schemaVersion,
      requestId: id,
      traceId: traceIdOf(headers),
      tenantId: principal?.tenantId ?? null,
      objectId: principal?.objectId ?? null,
      kind: principal?.kind ?? null,
      userName: principal?.name ?? null,
      applicationId: principal?.applicationId ?? null,
      groups: principal === null ? [] : decidingGroups(config, principal),
      environment: record.environment?.name ?? null,
      askedEnvironment: record.askedEnvironment,
      administrator: record.administrator,
      clientAddress: clientAddressOf(record.peer, headers['x-forwarded-for']),
      method,
      action: record.action,
      endpoint: record.endpoint,
      references: record.references,
      details: record.details,
      decision: record.decision,
      reason: record.reason ?? (raw.writableFinished ? null : 'client-gone'),
      wouldRefuse: record.wouldRefuse,
      // If the answer is incomplete, the client may not have seen a status.
      status: raw.headersSent ? statusCode : null,
      complete: raw.writableFinished,
      upstreamStatus: record.upstreamStatus,
      upstreamRequestId: record.upstreamRequestId,
      durationMs: Math.round(elapsedTime * 10) / 10,
      configHash,
    })
  }

  /** The line for bytes that were not a request: nothing in them can be trusted, so none of them is logged. */
  writeUnreadable(requestId: string, status: number, peer: string | null): void {
    const { configHash, clientAddressOf } = this.#context
    const nobody = { tenantId: null, objectId: null, kind: null, userName: null, applicationId: null, groups: [] }
    const nothing = { method: null, action: null, endpoint: 'unreadable', references: [], details: null }
    this.#write({
      audit: true,
      schemaVersion,
      requestId,
      traceId: null,
      ...nobody,
      environment: null,
      askedEnvironment: null,
      administrator: false,
      clientAddress: clientAddressOf(peer, undefined),
      ...nothing,
      decision: 'deny',
      reason: 'malformed',
      wouldRefuse: null,
      status,
      complete: true,
      upstreamStatus: null,
      upstreamRequestId: null,
      durationMs: null,
      configHash,
    })
  }
}
