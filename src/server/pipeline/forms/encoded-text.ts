import type { Turns } from '../../../policy/turns.ts'

/** Characters that are encoded in one turn. */
const atOnce = 131_072

/** The parts of a text, none longer than what is encoded in one turn, and none ending within a character. */
function* shortParts(parts: readonly string[]): Generator<string> {
  for (const part of parts) {
    if (part.length <= atOnce) {
      yield part
      continue
    }
    for (let start = 0; start < part.length; ) {
      const end = start + atOnce
      const splits = (part.charCodeAt(end - 1) & 0xfc00) === 0xd800
      yield part.slice(start, splits ? end - 1 : end)
      start = splits ? end - 1 : end
    }
  }
}

/** Goes through the parts of a text, and rests now and then. */
function* inParts(parts: readonly string[], use: (part: string) => void): Turns<void> {
  let since = 0
  for (const part of shortParts(parts)) {
    since += part.length
    if (since > atOnce) {
      yield
      since = part.length
    }
    use(part)
  }
}

/** The UTF-8 of a text that has come in parts. The whole is never put together as a text. */
export function* encodeInTurns(parts: readonly string[]): Turns<Buffer> {
  let [characters, bytes] = [0, 0]
  yield* inParts(parts, (part) => {
    characters += part.length
    bytes += Buffer.byteLength(part)
  })
  const encoded = Buffer.allocUnsafe(bytes)
  // Where each character is one byte, it is ASCII, and that is only copied.
  const encoding = characters === bytes ? 'latin1' : 'utf8'
  let at = 0
  yield* inParts(parts, (part) => {
    at += encoded.write(part, at, encoding)
  })
  return encoded
}
