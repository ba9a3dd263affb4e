import type { Field, FieldType } from './field.ts'
import type { RowPattern } from './json/copied-lists.ts'
import { shapeOf } from './message-shape.ts'

const space = String.raw`[ \n\r\t]*`
const plain = String.raw`[^"\\\u0000-\u001f]*`
/** Without escapes that readers could take for different letters, or that cannot stand in MLflow's database. */
const text = String.raw`"${plain}(?:\\["\\/bfnrt]${plain}){0,99}"`

/** Values of each type as the proxy itself writes them, in the form that nearly all have: numbers are shorter than their type's longest. */
const values: Readonly<Partial<Record<FieldType, string>>> = {
  string: text,
  int64: '0|-?[1-9][0-9]{0,17}',
  double: String.raw`-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?|"(?:NaN|-?Infinity)"`,
}

function memberPattern(name: string, field: Field | undefined): string {
  const value = field === undefined || field.repeated || field.map ? undefined : values[field.type]
  if (value === undefined) throw new Error(`${name} is no field of a plain type`)
  return `(?:"${name}"${space}:${space}(?:${value})${space}(?:,${space}(?=")|(?=\\})))?`
}

/**
 * What a row of a message looks like that decoding and encoding would not change but for its spaces: each field at most once, in the
 * order in which they are named, as a plain value of its type. Throws Error for a field that has no such values.
 */
export function rowPattern(message: string, fields: readonly string[]): RowPattern {
  const shape = shapeOf(message)
  const members = fields.map((name) => memberPattern(name, shape.fields.get(name)))
  return { pattern: new RegExp(`\\{${space}${members.join('')}\\}`, 'y'), values: 1 + members.length }
}
