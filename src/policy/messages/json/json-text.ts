import { Refusal } from '../../reasons.ts'
import { atOnce, type Turns } from '../../turns.ts'
import type { Json } from './json.ts'
import type { JsonLimits } from './json-limits.ts'
import { JsonReader } from './json-reader.ts'
import type { TextParts } from './text-window.ts'

export { printInTurns, printJson } from './json-printer.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of UTF-8 bytes. Throws Refusal 'malformed' for any other encoding and for a byte order mark. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    throw new Refusal('malformed', 'The body is not valid UTF-8: send JSON encoded as UTF-8.')
  }
  if (text.startsWith('\ufeff')) {
    throw new Refusal('malformed', 'The body begins with a byte order mark: send UTF-8 without one.')
  }
  return text
}

/**
 * Reads exactly one RFC 8259 value, numbers verbatim; limits default to depth 64, 100 000 keys and items, no NaN.
 * Throws Refusal 'malformed' for anything that two parsers could read differently (duplicate keys, for one).
 */
export function parseJson(text: string, limits: JsonLimits = {}): Json {
  return atOnce(parseInTurns(text, limits))
}

/** The same with rests, for a text of any length, which may be in parts. */
export function parseInTurns(text: TextParts, limits: JsonLimits = {}): Turns<Json> {
  return new JsonReader(text, limits).readText()
}

/** The same for a text that may be something else: undefined where `parseJson` would refuse it. */
export function parseIfJson(text: string, limits: JsonLimits = {}): Json | undefined {
  try {
    return parseJson(text, limits)
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}
