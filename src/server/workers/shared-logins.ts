import { LoginMemory } from '../login/login-memory.ts'
import type { Channel } from './channel.ts'
import type { OfPrimary } from './questions.ts'

/** What a worker remembers of logins: sessions that were ended at any worker, and no codes, which the primary counts. */
export class SharedLogins extends LoginMemory {
  readonly #primary: Pick<Channel<OfPrimary>, 'ask'>

  constructor(key: Uint8Array, primary: Pick<Channel<OfPrimary>, 'ask'>) {
    super(key)
    this.#primary = primary
  }

  /** Resolves when every worker knows. */
  override async end(id: string, milliseconds: number): Promise<void> {
    this.noteEnd(id, milliseconds)
    await this.#primary.ask('endSession', { id, milliseconds })
  }

  override useCode(id: string): Promise<boolean> {
    return this.#primary.ask('useCode', id)
  }
}
