import { Pieces } from '../pieces.ts'
import { type Json, JsonNumber, PrintedJson } from './json.ts'

const needsEscape = /[\u0000-\u001f"\\\ud800-\udfff]/
const printable = /^(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|NaN|-?Infinity)$/

/** The shortest JSON text of a value, numbers verbatim. Throws TypeError for a JsonNumber whose text is no number. */
export function printJson(value: Json): string {
  if (!Array.isArray(value) && !(value instanceof Map) && !(value instanceof PrintedJson)) return printScalar(value)
  const pieces = new Pieces()
  print(value, pieces)
  return pieces.text
}

function print(value: Json, pieces: Pieces): void {
  if (Array.isArray(value)) printArray(value, pieces)
  else if (value instanceof Map) printObject(value, pieces)
  else if (value instanceof PrintedJson) for (const part of value.parts) pieces.add(part)
  else pieces.add(printScalar(value))
}

function printArray(array: readonly Json[], pieces: Pieces): void {
  let before = '['
  for (const item of array) {
    pieces.add(before)
    print(item, pieces)
    before = ','
  }
  pieces.add(before === '[' ? '[]' : ']')
}

function printObject(object: ReadonlyMap<string, Json>, pieces: Pieces): void {
  let before = '{'
  for (const [key, value] of object) {
    pieces.add(`${before}${printString(key)}:`)
    print(value, pieces)
    before = ','
  }
  pieces.add(before === '{' ? '{}' : '}')
}

function printScalar(value: string | JsonNumber | boolean | null): string {
  if (typeof value === 'string') return printString(value)
  return value instanceof JsonNumber ? printNumber(value) : String(value)
}

// Most strings need no escape, and JSON.stringify costs more than looking.
function printString(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`
}

function printNumber({ text }: JsonNumber): string {
  if (!printable.test(text)) throw new TypeError('a JsonNumber does not hold the text of a number')
  return text
}
