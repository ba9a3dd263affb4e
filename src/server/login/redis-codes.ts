import { hash, randomBytes } from 'node:crypto'
import { codeLife } from './login-memory.ts'
import { type Handed, type OneTimeCodes, openHanded, refuseCode } from './one-time-codes.ts'
import type { RedisLink } from './redis-link.ts'
import type { Seal } from './seal.ts'

/** Codes that all replicas know: the first to take one takes it from the store. */
export class RedisCodes implements OneTimeCodes {
  readonly #link: RedisLink
  readonly #seal: Seal
  readonly #prefix: string
  readonly #now: () => number

  /** `now` in milliseconds since 1970. */
  constructor(link: RedisLink, seal: Seal, prefix: string, now: () => number) {
    this.#link = link
    this.#seal = seal
    this.#prefix = prefix
    this.#now = now
  }

  #key(code: string): string {
    return `${this.#prefix}code:${hash('sha256', code, 'base64url')}`
  }

  async give(handed: Handed): Promise<string> {
    const code = randomBytes(32).toString('base64url')
    const text = await this.#seal.close({ ...handed, id: code }, Math.floor(this.#now() / 1_000) + codeLife)
    const expiration = { type: 'EX', value: codeLife } as const
    await this.#link.ask((client) => client.set(this.#key(code), text, { expiration }))
    return code
  }

  async take(code: string): Promise<Handed> {
    if (!/^[\w-]{43}$/.test(code)) throw refuseCode()
    const text = await this.#link.ask((client) => client.getDel(this.#key(code)))
    if (text === null) throw refuseCode()
    const { id, ...handed } = await openHanded(this.#seal, text)
    // Another code's content may have been copied to this one's place.
    if (id !== code) throw refuseCode()
    return handed
  }
}
