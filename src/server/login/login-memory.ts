import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { entriesAtMost } from '../limits/entries-at-most.ts'
import { unproved } from './login-ends.ts'

/** Seconds for which a one-time code is good. */
export const codeLife = 60

/** How many ended logins, and how many used codes and messages, are remembered. */
const most = 100_000
/** How many logouts that nobody proved: whoever sends many of them drives out others of the kind, and nothing else. */
const mostUnproved = 10_000

/** What was ended before its time. */
export interface Ended {
  /** Of a session, or what `endingNames` gives. */
  readonly name: string
  /** Logins that began later are not meant. Milliseconds since 1970. */
  readonly at: number
  /** For how much longer it has to be remembered. */
  readonly milliseconds: number
}

/** What may be used once. */
export interface Once {
  readonly id: string
  /** After which it is good no more. */
  readonly milliseconds: number
}

const isUnproved = (name: string) => name.startsWith(unproved)

/** What logins need for as long as the process runs, whatever its configuration. */
export class LoginMemory {
  /** Seals cookies, where no file has a key. */
  readonly key: Uint8Array
  readonly #ended = new LRUCache<string, number>({ ...entriesAtMost(most) })
  readonly #unproved = new LRUCache<string, number>({ ...entriesAtMost(mostUnproved) })
  readonly #used = new LRUCache<string, true>({ ...entriesAtMost(most) })

  constructor(key: Uint8Array = randomBytes(32)) {
    this.key = key
  }

  #of(name: string): LRUCache<string, number> {
    return isUnproved(name) ? this.#unproved : this.#ended
  }

  /** Whether something was ended by one of its names, after it began (milliseconds since 1970). */
  hasEnded(names: readonly string[], begunAt: number): boolean {
    return names.some((name) => (this.#of(name).get(name) ?? Number.NEGATIVE_INFINITY) >= begunAt)
  }

  /** Ends what has a name. */
  async end(ended: Ended): Promise<void> {
    this.noteEnd(ended)
  }

  /** Remembers that something was ended. */
  noteEnd({ name, at, milliseconds }: Ended): void {
    this.#of(name).set(name, at, { ttl: milliseconds })
  }

  /** All that was ended and might still be used. */
  *ended(): Iterable<Ended> {
    for (const cache of [this.#unproved, this.#ended])
      for (const [name, at] of cache.entries()) yield { name, at, milliseconds: cache.getRemainingTTL(name) }
  }

  /** Whether what may be used once is used for the first time, by its id; `milliseconds`: after which it is good no more. */
  async useOnce({ id, milliseconds }: Once): Promise<boolean> {
    if (this.#used.has(id)) return false
    this.#used.set(id, true, { ttl: milliseconds })
    return true
  }
}
