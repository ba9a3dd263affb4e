import type { Logger } from 'pino'
import type { AuditSettings } from '../config/config-audit.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { type AuditStream, auditInLog } from './audit.ts'
import { LineSink } from './line-sink.ts'
import { createLog } from './log.ts'
import type { Metrics } from './metrics.ts'
import { OtlpLogs } from './otlp-logs.ts'
import { RotatingFile } from './rotating-file.ts'

/** Audit lines on their way to where they are kept. */
export interface OpenAudit {
  readonly stream: AuditStream
  /** Takes lines that are already written out. */
  readonly sink: Pick<LineSink, 'write' | 'failing'>
  /** Resolves when every line is written, or after this many milliseconds. */
  end(milliseconds: number): Promise<void>
  /** For the end of the process. */
  flush(): void
}

interface AuditParts {
  readonly log: Logger
  /** The log's own sink. */
  readonly logSink: LineSink
  readonly metrics: Metrics
  readonly outbound: Outbound | undefined
  /** Hears when it begins to fail, and when it works again: null. */
  readonly noteAudit?: (problem: string | null) => void
}

/** Opens the configured destination. Throws the system's error if its file cannot be opened. */
export async function openAudit({ destination, onFailure }: AuditSettings, parts: AuditParts): Promise<OpenAudit> {
  const { log, logSink, metrics, outbound, noteAudit } = parts
  if (destination.kind === 'stdout') {
    metrics.watchAudit(() => logSink.failing !== null)
    const stream = auditInLog(log, onFailure === 'continue' ? () => null : () => logSink.failing)
    return { stream, sink: logSink, end: async () => undefined, flush: () => undefined }
  }
  const outlet = destination.kind === 'file' ? await RotatingFile.open(destination) : new OtlpLogs(destination, outbound)
  const meanwhile = onFailure === 'refuse' ? 'changes are refused' : 'changes go on'
  const sink = new LineSink(outlet, {
    lost: (lines) => metrics.countLostAudit(lines),
    failing: (problem) => {
      noteAudit?.(problem)
      if (problem === null) log.info('the audit is written again')
      else log.error({ problem }, `the audit cannot be written: ${meanwhile}`)
    },
  })
  metrics.watchAudit(() => sink.failing !== null)
  const stream = auditInLog(createLog('info', sink), onFailure === 'continue' ? () => null : () => sink.failing)
  return { stream, sink, end: (milliseconds) => sink.end(milliseconds), flush: () => sink.flush() }
}
