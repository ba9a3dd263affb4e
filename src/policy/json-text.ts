import { type Json, JsonNumber } from './json.ts'
import { type JsonLimits, JsonReader } from './json-reader.ts'
import { Refusal } from './reasons.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const needsEscape = /[\u0000-\u001f"\\\ud800-\udfff]/
const printable = /^(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|NaN|-?Infinity)$/

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

/** The shortest JSON text of a value, numbers verbatim. Throws TypeError for a JsonNumber whose text is no number. */
export function printJson(value: Json): string {
  if (typeof value === 'string') return printString(value)
  if (value instanceof JsonNumber) return printNumber(value)
  if (Array.isArray(value)) return printArray(value)
  if (value instanceof Map) return printObject(value)
  return String(value)
}

// Most strings need no escape, and JSON.stringify costs more than looking.
function printString(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`
}

function printNumber({ text }: JsonNumber): string {
  if (!printable.test(text)) throw new TypeError('a JsonNumber does not hold the text of a number')
  return text
}

function printArray(array: readonly Json[]): string {
  let text = '['
  for (const item of array) text += text === '[' ? printJson(item) : `,${printJson(item)}`
  return `${text}]`
}

function printObject(object: ReadonlyMap<string, Json>): string {
  let text = '{'
  for (const [key, value] of object) text += `${text === '{' ? '' : ','}${printString(key)}:${printJson(value)}`
  return `${text}}`
}
