import type { Logger } from 'pino'
import type { Loaded } from '../config/config.ts'
import { configHash } from '../config/config-hash.ts'
import type { Config } from '../config/config-types.ts'
import type { Metrics } from '../observability/metrics.ts'
import { ConfigWatch } from './config-watch.ts'
import type { Hangups } from './hangups.ts'
import { Reloader } from './reloader.ts'

/** A configuration, and where it is read anew. */
export interface ConfigSource {
  readonly first: Loaded
  readonly file: string
  /** Throws ConfigError. */
  readonly read: () => Loaded
}

interface ReloadParts {
  readonly hangups: Hangups
  readonly source: ConfigSource
  /** Rejects where nobody could be served: the configuration before stays. */
  readonly replace: (config: Config) => Promise<void>
  readonly log: Logger
  readonly metrics: Metrics
}

/** Reloads on SIGHUP, and when the file changes. */
export function reloadOn({ hangups, source: { first, file, read }, replace, log, metrics }: ReloadParts): void {
  const apply = async (config: Config) => {
    const { level } = log
    // What is built now takes its level from here.
    log.level = config.log.level
    try {
      await replace(config)
    } catch (error) {
      log.level = level
      throw error
    }
    watch.every(config.reload.watchSeconds * 1_000)
  }
  metrics.config.note(configHash(first.config))
  const reloader = new Reloader({ first, read, apply, log, metrics })
  const watch = new ConfigWatch(file, async () => ((await reloader.reload('file')) ? 'settled' : 'try again'))
  watch.every(first.config.reload.watchSeconds * 1_000)
  hangups.hear(() => void reloader.reload('signal'))
}
