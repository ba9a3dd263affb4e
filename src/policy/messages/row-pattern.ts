import type { Field, FieldType } from './field.ts'
import type { RowPattern } from './json/copied-lists.ts'
import { shapeOf } from './message-shape.ts'

const space = String.raw`[ \n\r\t]*`
const plain = String.raw`[^"\\\u0000-\u001f]*`
const string = (escapes: string, most: number) => `"${plain}(?:\\\\${escapes}${plain}){0,${most}}"`

/** Characters beyond ASCII as MLflow writes them: halves of surrogate pairs only together. */
const unicode =
  'u(?:[0-9abcefABCEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}|[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2})'

/**
 * What strings may be copied. Of requests those without escapes that readers could take for different letters, or that cannot stand in
 * MLflow's database; of answers all that are well-formed, but for what has very many escapes.
 */
export const copiedTexts = {
  request: string('["\\\\/bfnrt]', 99),
  answer: string(`(?:["\\\\/bfnrt]|${unicode})`, 999),
} as const

/** Other values as the proxy itself writes them, in the form that nearly all have: numbers are shorter than their type's longest. */
const values: Readonly<Partial<Record<FieldType, string>>> = {
  int64: '(?:0|-?[1-9][0-9]{0,17})',
  double: String.raw`(?:-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?|"(?:NaN|-?Infinity)")`,
}

/** What a plain value of a field looks like, where strings look like `text`; undefined for one that has no such values. */
export function valuePattern({ type, repeated, map }: Field, text: string): string | undefined {
  if (repeated || map) return undefined
  return type === 'string' ? text : values[type]
}

/** A member with the comma that follows it, unless it is the last. */
export function memberPattern(name: string, value: string): string {
  return `"${name}"${space}:${space}${value}${space}(?:,${space}(?=")|(?=\\}))`
}

/** An object of some members. */
export function objectPattern(members: readonly string[]): string {
  return `\\{${space}${members.join('')}\\}`
}

/** A list with at most so many rows. */
export function listPattern(row: string, most: number): string {
  return `\\[${space}(?:${row}${space}(?:,${space}(?=\\{)|(?=\\]))){0,${most}}\\]`
}

/**
 * What a row of a message looks like that decoding and encoding would not change but for its spaces: each field at most once, in the
 * order in which they are named, as a plain value of its type. Throws Error for a field that has no such values.
 */
export function rowPattern(message: string, fields: readonly string[], text: string): RowPattern {
  const shape = shapeOf(message)
  const members = fields.map((name) => {
    const field = shape.fields.get(name)
    const value = field && valuePattern(field, text)
    if (value === undefined) throw new Error(`${name} is not a field of a plain type`)
    return `(?:${memberPattern(name, value)})?`
  })
  return { pattern: new RegExp(`\\{${space}${members.join('')}\\}`, 'y'), values: 1 + members.length }
}
