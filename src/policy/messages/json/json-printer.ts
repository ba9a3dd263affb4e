import type { Turns } from '../../turns.ts'
import { Pieces } from '../pieces.ts'
import { type Json, JsonNumber, PrintedJson } from './json.ts'
import { TurnRoom } from './turn-room.ts'

const needsEscape = /[\u0000-\u001f"\\\ud800-\udfff]/
const printable = /^(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|NaN|-?Infinity)$/

/** The shortest JSON text of a value, numbers verbatim. Throws TypeError for a JsonNumber whose text is no number. */
export function printJson(value: Json): string {
  const pieces = new Pieces()
  print('', value, pieces)
  return pieces.text
}

/** The same with rests, for a value of any size, as the parts of its text. */
export function* printInTurns(value: Json, room = new TurnRoom()): Turns<readonly string[]> {
  const pieces = new Pieces()
  yield* printParts('', value, pieces, room)
  return pieces.parts
}

/** Takes apart what is too much for one turn. */
function* printParts(before: string, value: Json, pieces: Pieces, room: TurnRoom): Turns<void> {
  const fits = room.takes(value) || (yield* room.makes(value))
  if (fits || !(value instanceof Map || Array.isArray(value))) return print(before, value, pieces)
  const [opening, closing] = value instanceof Map ? (['{', '}'] as const) : (['[', ']'] as const)
  let separator = `${before}${opening}`
  for (const [key, item] of value.entries()) {
    yield* printParts(typeof key === 'string' ? `${separator}${printString(key)}:` : separator, item, pieces, room)
    separator = ','
  }
  pieces.add(closing)
}

/** A value, and what stands before it: most values are one piece with it. */
function print(before: string, value: Json, pieces: Pieces): void {
  if (typeof value === 'string') pieces.add(before + printString(value))
  else if (value instanceof Map) printObject(before, value, pieces)
  else if (Array.isArray(value)) printArray(before, value, pieces)
  else if (value instanceof PrintedJson) {
    pieces.add(before)
    for (const part of value.parts) pieces.add(part)
  } else pieces.add(before + (value instanceof JsonNumber ? printNumber(value) : String(value)))
}

function printArray(before: string, array: readonly Json[], pieces: Pieces): void {
  let separator = `${before}[`
  for (const item of array) {
    print(separator, item, pieces)
    separator = ','
  }
  pieces.add(array.length === 0 ? `${before}[]` : ']')
}

function printObject(before: string, object: ReadonlyMap<string, Json>, pieces: Pieces): void {
  let separator = `${before}{`
  for (const [key, value] of object) {
    print(`${separator}${printString(key)}:`, value, pieces)
    separator = ','
  }
  pieces.add(object.size === 0 ? `${before}{}` : '}')
}

// Most strings need no escape, and JSON.stringify costs more than looking.
function printString(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`
}

function printNumber({ text }: JsonNumber): string {
  if (!printable.test(text)) throw new TypeError('a JsonNumber does not hold the text of a number')
  return text
}
