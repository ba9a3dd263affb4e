import { promisify } from 'node:util'
import { gunzip, inflate, inflateRaw } from 'node:zlib'
import { Refusal } from '../policy/reasons.ts'
import { limits } from './framing.ts'

const bound = { maxOutputLength: limits.jsonBytes }
const unzip = promisify<Uint8Array, typeof bound, Buffer>(gunzip)
const unpack = promisify<Uint8Array, typeof bound, Buffer>(inflate)
const unpackRaw = promisify<Uint8Array, typeof bound, Buffer>(inflateRaw)

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}

async function guarded(decompress: () => Promise<Buffer>): Promise<Buffer> {
  try {
    return await decompress()
  } catch (error) {
    if (isTooLarge(error)) {
      throw new Refusal(
        'too-large',
        `The body is larger than ${limits.jsonBytes} bytes when it is unpacked. Export fewer spans at once.`,
      )
    }
    throw new Refusal('malformed', "The body is not what its 'Content-Encoding' says.")
  }
}

/** Some clients send deflate without its header. */
async function unpackEither(body: Uint8Array): Promise<Buffer> {
  try {
    return await unpack(body, bound)
  } catch (error) {
    if (isTooLarge(error)) throw error
    return unpackRaw(body, bound)
  }
}

/** An export's body without its compression. Throws `too-large` for a small body that unpacks to a large one, without unpacking it whole. */
export async function unpackBody(body: Uint8Array, encoding: string | undefined): Promise<Uint8Array> {
  switch (encoding?.toLowerCase() ?? 'identity') {
    case 'identity':
      return body
    case 'gzip':
      return guarded(() => unzip(body, bound))
    case 'deflate':
      return guarded(() => unpackEither(body))
    default:
      throw new Refusal('malformed', "The 'Content-Encoding' of spans is gzip, deflate or identity.")
  }
}
