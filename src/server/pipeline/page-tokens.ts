import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { Refusal } from '../../policy/reasons.ts'

/** Where a search goes on: the upstream's page, and how many of its rows were given out already. */
export interface PageState {
  /** The upstream's own token; empty for its first page. */
  readonly token: string
  readonly skip: number
}

const algorithm = 'aes-256-gcm'
/** Bytes that a token holds: the next larger of these and their like. Its length tells nothing of the rows that lie before it. */
const room = { least: 256, factor: 4 } as const

function padded(text: string): string {
  let length: number = room.least
  while (length < Buffer.byteLength(text)) length *= room.factor
  return text + ' '.repeat(length - Buffer.byteLength(text))
}

/** Page tokens that only the caller they were made for can use, for the same query in the same environment. */
export class PageTokens {
  readonly #key: Buffer

  /** `key`: 32 bytes or more, shared by all replicas. */
  constructor(key: Uint8Array) {
    this.#key = createHash('sha256').update('page-tokens').update(key).digest()
  }

  /** Seals a state. `binding` says whose and for what the token is. */
  seal(state: PageState, binding: string): string {
    const iv = randomBytes(12)
    const cipher = createCipheriv(algorithm, this.#key, iv).setAAD(Buffer.from(binding))
    const sealed = Buffer.concat([cipher.update(padded(JSON.stringify([state.token, state.skip])), 'utf8'), cipher.final()])
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
  }

  /** Opens a token; throws `invalid-parameter` for one that was made for somebody or something else. */
  open(token: string, binding: string): PageState {
    try {
      const bytes = Buffer.from(token, 'base64url')
      const decipher = createDecipheriv(algorithm, this.#key, bytes.subarray(0, 12), { authTagLength: 16 }).setAAD(
        Buffer.from(binding),
      )
      decipher.setAuthTag(bytes.subarray(12, 28))
      const text = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
      const state: unknown = JSON.parse(text)
      if (Array.isArray(state) && typeof state[0] === 'string' && Number.isSafeInteger(state[1]))
        return { token: state[0], skip: state[1] }
    } catch {
      // Every way of being wrong gets the same answer.
    }
    throw new Refusal('invalid-parameter', 'Invalid page token: it does not belong to this search. Start again without one.')
  }
}
