import { decodeUtf8 } from '../../policy/messages/json/json-text.ts'

/** The text of a small answer. Throws if it is larger than `most` bytes or no UTF-8. */
export async function readBounded(body: AsyncIterable<Uint8Array>, most: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop early destroys the body and its connection.
  for await (const chunk of body) {
    size += chunk.length
    if (size > most) throw new Error(`the answer is larger than ${most} bytes`)
    chunks.push(chunk)
  }
  return decodeUtf8(Buffer.concat(chunks))
}
