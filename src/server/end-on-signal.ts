import { setTimeout as pause } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { Logger } from 'pino'
import type { Config } from './config/config-types.ts'
import { lastWords } from './observability/open-output.ts'

/** What an orderly end consists of. */
interface Ending {
  /** Reports "not ready" from now on; connections still come for a while. */
  stop(): void | Promise<void>
  /** Resolves when the requests in flight were answered and everything is closed. */
  close(): Promise<void>
}

/** Ends the process in order on SIGTERM and SIGINT. */
export function endOnSignal({ shutdown }: Config, log: Logger, { stop, close }: Ending): void {
  const [drain, finish] = [shutdown.drainSeconds * 1_000, shutdown.finishSeconds * 1_000]
  // An uncaught error only ends its request, and SIGHUP reloads.
  const skip: closeWithGrace.Options['skip'] = ['uncaughtException', 'unhandledRejection', 'SIGHUP']
  closeWithGrace({ delay: drain + finish + lastWords, logger: log, skip }, async ({ signal }) => {
    log.info({ signal }, 'stopping')
    await stop()
    await pause(drain)
    await close()
  })
}
