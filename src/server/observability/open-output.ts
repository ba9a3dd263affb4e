import type { Config } from '../config/config-types.ts'
import { StartError } from '../network/start-error.ts'
import { LineSink } from './line-sink.ts'
import { createLog } from './log.ts'
import { standardOutlet } from './log-outlet.ts'
import type { Metrics } from './metrics.ts'
import { openAudit } from './open-audit.ts'

/** Milliseconds for writing the last lines. */
export const lastWords = 2_000

/**
 * The log and the audit, whose last lines are written at the end of the process. `noteAudit` is called when the audit begins to fail, and
 * when it works again: null. Throws StartError if the audit's file cannot be opened.
 */
export async function openOutput(
  config: Config,
  metrics: Metrics,
  noteAudit: (problem: string | null) => void = () => undefined,
) {
  const { audit: settings, outbound } = config
  const inLog = settings.destination.kind === 'stdout'
  const logSink = new LineSink(standardOutlet(), {
    lost: (lines) => metrics.countLostLines(lines),
    ...(inLog ? { failing: noteAudit } : {}),
  })
  process.once('exit', () => logSink.flush())
  const log = createLog(config.log.level, logSink)
  const audit = await openAudit(settings, { log, logSink, metrics, outbound, noteAudit }).catch((error) => {
    throw new StartError(`cannot write the audit (audit.file.path): ${error instanceof Error ? error.message : String(error)}`)
  })
  process.once('exit', () => audit.flush())
  const end = async () => void (await Promise.all([audit.end(lastWords), logSink.end(lastWords)]))
  return { log, logSink, audit, end }
}
