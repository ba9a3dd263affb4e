import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Config } from '../config/config-types.ts'
import { auditInLog } from '../observability/audit.ts'
import { LineSink } from '../observability/line-sink.ts'
import { createLog } from '../observability/log.ts'
import { type Outlet, standardOutlet } from '../observability/log-outlet.ts'
import type { Metrics } from '../observability/metrics.ts'
import { lastWords } from '../observability/open-output.ts'
import { auditDescriptor } from './worker-process.ts'

/** A pipe to the primary. */
function pipeOutlet(fd: number): Outlet {
  const pipe = new Socket({ fd, readable: false, writable: true }).on('error', () => undefined)
  return {
    send: (text) =>
      new Promise((resolve, reject) => {
        pipe.write(text, (error) => (error ? reject(error) : resolve()))
      }),
    sendNow: (text) => void writeSync(fd, text),
  }
}

/** A worker's log and audit: the primary writes their lines, one at a time, and says whether it can (`auditProblem`). */
export function openWorkerOutput(config: Config, metrics: Metrics, auditProblem: () => string | null) {
  const { destination, onFailure } = config.audit
  const logSink = new LineSink(standardOutlet(), { lost: (lines) => metrics.countLostLines(lines) })
  const log = createLog(config.log.level, logSink)
  const auditSink =
    destination.kind === 'stdout'
      ? logSink
      : new LineSink(pipeOutlet(auditDescriptor), { lost: (lines) => metrics.countLostAudit(lines) })
  const failing = onFailure === 'continue' ? () => null : () => auditProblem() ?? auditSink.failing
  const audit = auditInLog(auditSink === logSink ? log : createLog('info', auditSink), failing)
  process.once('exit', () => {
    logSink.flush()
    auditSink.flush()
  })
  const end = async () => void (await Promise.all([auditSink.end(lastWords), logSink.end(lastWords)]))
  return { log, audit, end }
}
