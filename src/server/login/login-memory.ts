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
  readonly key = randomBytes(32)
  /** Ids of sessions that were ended before their time. */
  readonly ended = new LRUCache<string, true>({ ...entriesAtMost(most) })
  /** Ids of one-time codes that were exchanged. */
  readonly usedCodes = new LRUCache<string, true>({ ...entriesAtMost(most), ttl: codeLife * 1_000 })
}
