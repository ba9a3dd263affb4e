import { hkdfSync } from 'node:crypto'
import { EncryptJWT, errors, type JWTPayload, jwtDecrypt } from 'jose'

/** A sealed text that cannot be used: made by nobody who has the key and for another purpose, or past its end. */
export type Broken = 'forged' | 'expired'

const algorithms = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }

/** Encrypts what is kept in browsers. The key is good for one purpose: a text that was sealed for another one is forged. */
export class Seal {
  readonly #key: Uint8Array
  readonly #now: () => number

  /** `now` in milliseconds since 1970. */
  constructor(key: Uint8Array, purpose: string, now: () => number) {
    this.#key = new Uint8Array(hkdfSync('sha256', key, '', `mlflow-env-proxy ${purpose}`, 32))
    this.#now = now
  }

  /** `endsAt` in seconds since 1970. */
  close(content: Readonly<Record<string, unknown>>, endsAt: number): Promise<string> {
    return new EncryptJWT({ ...content })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setExpirationTime(endsAt)
      .encrypt(this.#key)
  }

  async open(text: string): Promise<JWTPayload | Broken> {
    try {
      const currentDate = new Date(this.#now())
      return (await jwtDecrypt(text, this.#key, { ...algorithms, currentDate, requiredClaims: ['exp'] })).payload
    } catch (error) {
      if (error instanceof errors.JWTExpired) return 'expired'
      if (error instanceof errors.JOSEError || error instanceof TypeError) return 'forged'
      throw error
    }
  }
}
