import { randomBytes } from 'node:crypto'
import { Refusal } from '../../policy/reasons.ts'
import { type LoginMark, readMark } from './login-ends.ts'
import { codeLife, type LoginMemory } from './login-memory.ts'
import type { Seal } from './seal.ts'

/** What a code stands for: an access token, for as long as its login lasts. */
export interface Handed {
  readonly token: string
  readonly login: LoginMark
}

/** Codes that are exchanged for a token once. */
export interface OneTimeCodes {
  give(handed: Handed): Promise<string>
  /** Rejects with Refusal 'unauthenticated' for a code that is not good, or not any more. */
  take(code: string): Promise<Handed>
}

/** The refusal of a code. */
export function refuseCode(): Refusal {
  return new Refusal(
    'unauthenticated',
    `The code was used already, is older than ${codeLife} seconds, or was not made by this server: get a new one where you got it.`,
  )
}

/** What was sealed for a code. Throws `refuseCode()` if it is none. */
export async function openHanded(seal: Seal, text: string): Promise<Handed & { readonly id: unknown }> {
  const opened = await seal.open(text)
  if (typeof opened === 'string') throw refuseCode()
  const { token, id } = opened
  const login = readMark(opened.login)
  if (typeof token !== 'string' || login === null) throw refuseCode()
  return { token, login, id }
}

/** Codes that hold what they stand for, sealed. Each replica takes one once: only a shared store knows what the others took. */
export class SealedCodes implements OneTimeCodes {
  readonly #seal: Seal
  readonly #now: () => number
  readonly #memory: Pick<LoginMemory, 'useOnce'>

  /** `now` in milliseconds since 1970. */
  constructor(seal: Seal, memory: Pick<LoginMemory, 'useOnce'>, now: () => number) {
    this.#memory = memory
    this.#seal = seal
    this.#now = now
  }

  give(handed: Handed): Promise<string> {
    const id = randomBytes(16).toString('base64url')
    return this.#seal.close({ ...handed, id }, Math.floor(this.#now() / 1_000) + codeLife)
  }

  async take(code: string): Promise<Handed> {
    // By the id that is inside: the same bytes can be written in several ways.
    const { id, ...handed } = await openHanded(this.#seal, code)
    if (typeof id !== 'string' || !(await this.#memory.useOnce({ id, milliseconds: codeLife * 1_000 }))) throw refuseCode()
    return handed
  }
}
