import { type Ended, LoginMemory, type Once } from '../login/login-memory.ts'
import type { Channel } from './channel.ts'
import type { OfPrimary } from './questions.ts'

/** What a worker remembers of logins: logins that were ended at any worker, and nothing that may be used once, which the primary counts. */
export class SharedLogins extends LoginMemory {
  readonly #primary: Pick<Channel<OfPrimary>, 'ask'>

  constructor(key: Uint8Array, primary: Pick<Channel<OfPrimary>, 'ask'>) {
    super(key)
    this.#primary = primary
  }

  /** Resolves when every worker knows. */
  override async end(ended: Ended): Promise<void> {
    this.noteEnd(ended)
    await this.#primary.ask('endLogin', ended)
  }

  override useOnce(once: Once): Promise<boolean> {
    return this.#primary.ask('useOnce', once)
  }
}
