import { stat } from 'node:fs/promises'
import type { Logger } from 'pino'
import { Refusal } from '../../policy/reasons.ts'
import { describeOpenError, readSecretFile } from '../config/secret-file.ts'

/** Milliseconds for which a token file is taken to be unchanged. */
const trust = 1_000

/** The token in a file that others replace from time to time. A replacement that cannot be read leaves the last good token in use. */
export class TokenFile {
  readonly #file: string
  readonly #readFile: (file: string) => string
  readonly #log: Pick<Logger, 'warn'>
  readonly #clock: () => number
  #token: string | null = null
  #version = ''
  #checkedAt = Number.NEGATIVE_INFINITY
  #checking: Promise<void> | null = null
  #problem = ''

  /** `clock` counts milliseconds. */
  constructor(
    file: string,
    log: Pick<Logger, 'warn'>,
    clock: () => number = () => performance.now(),
    readFile: (file: string) => string = readSecretFile,
  ) {
    this.#readFile = readFile
    this.#file = file
    this.#log = log
    this.#clock = clock
  }

  /** The token. Throws Refusal 'upstream-unavailable' while none could be read. */
  async read(): Promise<string> {
    if (this.#clock() - this.#checkedAt >= trust) {
      this.#checking ??= this.#check().finally(() => {
        this.#checking = null
      })
    }
    await this.#checking
    if (this.#token === null) {
      throw new Refusal(
        'upstream-unavailable',
        'The proxy cannot read its credentials for MLflow. Tell the operators of the proxy.',
      )
    }
    return this.#token
  }

  async #check(): Promise<void> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#file).catch((error: unknown) => {
        throw new Error(describeOpenError(this.#file, error))
      })
      const version = `${mtimeMs} ${size} ${ino}`
      if (version === this.#version) return
      this.#token = this.#readFile(this.#file)
      this.#version = version
      this.#problem = ''
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error))
    } finally {
      this.#checkedAt = this.#clock()
    }
  }

  #tell(problem: string): void {
    if (problem !== this.#problem) this.#log.warn({ problem, file: this.#file }, 'the token for MLflow could not be read')
    this.#problem = problem
  }
}
