import type { Logger } from 'pino'
import type { Loaded } from '../config/config.ts'
import { configHash } from '../config/config-hash.ts'
import { ConfigError } from '../config/config-problem.ts'
import type { Config } from '../config/config-types.ts'
import type { Metrics } from '../observability/metrics.ts'
import { changedKeys, fixedKeys } from './changed-keys.ts'

/** What a reload came to, as metrics have it. */
type ReloadResult = 'good' | 'invalid' | 'needs-restart' | 'failed'

export interface ReloaderParts {
  readonly first: Loaded
  /** Reads and checks the configuration. Throws ConfigError. */
  readonly read: () => Loaded
  /** Puts a configuration to work in place of the one before. Rejects where that cannot be, and changes nothing then. */
  readonly apply: (config: Config) => Promise<void>
  readonly log: Pick<Logger, 'info' | 'error'>
  readonly metrics: Pick<Metrics, 'config'>
}

/** Why a configuration that was read is not put to work. */
class NotReloaded extends Error {
  readonly result: ReloadResult
  constructor(result: ReloadResult, message: string) {
    super(message)
    this.result = result
  }
}

function failureOf(error: unknown): NotReloaded {
  if (error instanceof NotReloaded) return error
  if (error instanceof ConfigError) return new NotReloaded('invalid', error.message)
  return new NotReloaded('failed', error instanceof Error ? error.message : String(error))
}

/** Reloads the configuration: validated first, whole or not at all, one reload at a time. */
export class Reloader {
  readonly #parts: ReloaderParts
  #running: Loaded
  #underWay: Promise<unknown> = Promise.resolve()
  #lastFailure: string | null = null

  constructor(parts: ReloaderParts) {
    this.#parts = parts
    this.#running = parts.first
  }

  /** On a signal also where no key has changed: secrets may have. */
  reload(cause: 'signal' | 'file'): Promise<boolean> {
    const turn = this.#underWay.then(() => this.#reload(cause))
    this.#underWay = turn
    return turn
  }

  /** Resolves with whether the configuration that was read is at work. */
  async #reload(cause: 'signal' | 'file'): Promise<boolean> {
    const { read, apply, log, metrics } = this.#parts
    try {
      const next = read()
      const changed = changedKeys(this.#running.written, next.written)
      if (changed.length > 0 || cause === 'signal') {
        refuseFixed(changed)
        await apply(next.config)
        this.#running = next
        const hash = configHash(next.config)
        metrics.config.noteReload('good', hash)
        log.info({ cause, changed, configHash: hash }, 'the configuration was reloaded')
      }
      this.#lastFailure = null
      return true
    } catch (error) {
      this.#note(cause, failureOf(error))
      return false
    }
  }

  /** A file that stays wrong is tried again and again, and said to be wrong once. */
  #note(cause: 'signal' | 'file', { result, message }: NotReloaded): void {
    if (cause === 'file' && message === this.#lastFailure) return
    this.#lastFailure = message
    this.#parts.metrics.config.noteReload(result, null)
    this.#parts.log.error(
      { cause, result, problems: message.split('\n') },
      'the configuration was not reloaded: the one before stays',
    )
  }
}

/** Nothing of it is put to work: what was checked is the whole. */
function refuseFixed(changed: readonly string[]): void {
  const keys = fixedKeys(changed)
  if (keys.length === 0) return
  const message = keys.map((key) => `${key}: needs a restart`).join('\n')
  throw new NotReloaded('needs-restart', message)
}
