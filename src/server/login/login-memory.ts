import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { entriesAtMost } from '../limits/entries-at-most.ts'

/** Seconds for which a one-time code is good. */
export const codeLife = 60

/** How many ended sessions, and how many used codes, are remembered. */
const most = 100_000

/** What logins need for as long as the process runs, whatever its configuration. */
export class LoginMemory {
  /** Seals cookies, where no file has a key. */
  readonly key: Uint8Array
  readonly #ended = new LRUCache<string, true>({ ...entriesAtMost(most) })
  readonly #usedCodes = new LRUCache<string, true>({ ...entriesAtMost(most), ttl: codeLife * 1_000 })

  constructor(key: Uint8Array = randomBytes(32)) {
    this.key = key
  }

  /** Whether a session was ended before its time. */
  hasEnded(id: string): boolean {
    return this.#ended.has(id)
  }

  /** Ends a session, which would have been good for so many milliseconds more. */
  async end(id: string, milliseconds: number): Promise<void> {
    this.noteEnd(id, milliseconds)
  }

  /** Remembers that a session was ended. */
  noteEnd(id: string, milliseconds: number): void {
    this.#ended.set(id, true, { ttl: milliseconds })
  }

  /** The sessions that were ended, with the milliseconds for which they would still be good. */
  *endedSessions(): Iterable<{ readonly id: string; readonly milliseconds: number }> {
    for (const id of this.#ended.keys()) yield { id, milliseconds: this.#ended.getRemainingTTL(id) }
  }

  /** Whether a one-time code is exchanged for the first time, by its id. */
  async useCode(id: string): Promise<boolean> {
    if (this.#usedCodes.has(id)) return false
    this.#usedCodes.set(id, true)
    return true
  }
}
