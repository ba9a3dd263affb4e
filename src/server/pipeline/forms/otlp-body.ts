import { pipeline } from 'node:stream/promises'
import { createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import { Refusal } from '../../../policy/reasons.ts'
import { limits } from '../../http/framing.ts'
import type { Hold } from '../../limits/memory-account.ts'

type Unpacker = ReturnType<typeof createGunzip>

/** Memory for what comes out is taken before the next part is unpacked: a small body may hold much. */
async function unpack(body: Uint8Array, unpacker: Unpacker, hold: Hold): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  const before = hold.bytes
  try {
    await pipeline([body], unpacker, async (source: AsyncIterable<Buffer>) => {
      for await (const chunk of source) {
        size += chunk.length
        if (size > limits.jsonBytes) throw tooLarge()
        await hold.resize(before + size)
        chunks.push(chunk)
      }
    })
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal('malformed', "The body is not what its 'Content-Encoding' says.")
  }
  return Buffer.concat(chunks)
}

function tooLarge(): Refusal {
  const message = `The body is larger than ${limits.jsonBytes} bytes when it is decompressed. Export fewer spans at once.`
  return new Refusal('too-large', message)
}

/** Some clients send deflate without its header, whose first half byte is 8. */
function inflater(body: Uint8Array): Unpacker {
  return ((body[0] ?? 0) & 0x0f) === 8 && (((body[0] ?? 0) << 8) | (body[1] ?? 0)) % 31 === 0
    ? createInflate()
    : createInflateRaw()
}

/** An export's body without its compression. Throws `too-large` for a small body that unpacks to a large one, without unpacking it whole. */
export async function unpackBody(body: Uint8Array, encoding: string | undefined, hold: Hold): Promise<Uint8Array> {
  switch (encoding?.toLowerCase() ?? 'identity') {
    case 'identity':
      return body
    case 'gzip':
      return unpack(body, createGunzip(), hold)
    case 'deflate':
      return unpack(body, inflater(body), hold)
    default:
      throw new Refusal('malformed', "The 'Content-Encoding' of spans must be gzip, deflate or identity.")
  }
}
