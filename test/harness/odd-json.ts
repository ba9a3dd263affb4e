import type { Random } from '../../fuzz/random.ts'
import { type Json, JsonNumber, PrintedJson } from '../../src/policy/messages/json/json.ts'

/** What may stand where another value is expected; some of it is no JSON. */
const strangers = [
  ...['null', 'true', 'False', '', '[]', '{}', '[null]', '[{}]', '{"key":"a"}', '{"key":"a","key":"a"}', '[{"key":"a",}]'],
  ...['NaN', '-Infinity', '"NaN"', '"-Infinity"', '-NaN', '0', '-0', '01', '1.', '.5', '+1', '1e999', '1E-7', '0.1e+5'],
  ...['12345678901234567890', '-9223372036854775808', `1${'0'.repeat(400)}`, `0.${'3'.repeat(40)}`, '9'.repeat(5_000)],
  ...[
    '""',
    '"5"',
    '"\\u0061"',
    '"\\/\\b\\f\\n\\r\\t\\\\\\""',
    '"\\u0000"',
    '"\\x"',
    '"\\u12"',
    '"a\tb"',
    '"not closed',
    '"é 中 😀"',
  ],
  ...['"\\ud83d\\ude00"', '"\\ud800"', '"\\udc00x"', '"\ud800"', `"${'x'.repeat(70_000)}"`, `"${'\\n'.repeat(150)}"`],
  ...[70, 600].flatMap((depth) => [
    '['.repeat(depth) + ']'.repeat(depth),
    '{"a":'.repeat(depth) + '{}'.repeat(1) + '}'.repeat(depth),
  ]),
]

const spaces = ['', ' ', '\n  ', '\t', '\r\n', '\f', '\u00a0']

/** How strangely a text is written: in one of how many places something stands that does not belong there. */
export interface Oddness {
  readonly random: Random
  readonly strangers: number
  /** In one of how many places there is a space that a program would not write. */
  readonly spaces: number
}

/** A value as JSON, as somebody would write it who wants to be misread: with spaces, escapes, members twice, and what is no JSON. */
export function oddJson(value: Json, oddness: Oddness): string {
  const { random } = oddness
  const space = () => (random.once(oddness.spaces) ? random.pick(spaces.slice(0, random.once(20) ? spaces.length : 5)) : '')
  const isOdd = () => random.once(oddness.strangers)
  const around = (text: string) => `${space()}${text}${space()}`
  const write = (written: Json): string => {
    if (isOdd()) return random.pick(strangers)
    if (typeof written === 'string')
      return JSON.stringify(written).replace(/[a-z/]/, (letter) => (isOdd() ? escaped(letter) : letter))
    if (written instanceof JsonNumber) return written.text
    if (written instanceof PrintedJson) return written.parts.join('')
    if (Array.isArray(written))
      return `[${written.map((item) => around(write(item))).join(isOdd() ? ';' : ',')}${isOdd() ? ',' : ''}]`
    if (!(written instanceof Map)) return String(written)
    return `{${mixed([...written], oddness).map(([key, item]) => `${around(write(key))}:${around(write(item))}`)}${isOdd() ? ',' : ''}}`
  }
  const text = around(write(value))
  return isOdd() ? text.slice(0, random.below(text.length)) : text
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** The members of an object; now and then one comes again, is unknown, or comes first. */
function mixed(members: readonly [string, Json][], { random, strangers: often }: Oddness): [string, Json][] {
  const all = random.once(often) ? [...members, ...members.slice(0, 1)] : [...members]
  if (random.once(often)) all.push(['unheard_of', 'x'])
  return random.once(often) ? all.reverse() : all
}
