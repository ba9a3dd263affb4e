import { type Json, JsonNumber, type JsonObject } from '../../src/policy/messages/json/json.ts'
import type { Random } from '../random.ts'

/** Words with a special meaning in JavaScript or Python. */
const oddKeys = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'workspace_id',
  '',
  'run_uuid',
  'runId',
  'experiment_ids',
]

const camelCase = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const wide = (text: string) => text.replace(/[!-~]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0))

/** Other spellings of a text that some parser treats as the same text. */
const spellings: readonly ((text: string) => Json)[] = [
  ...['+', ' ', '0', '-', '\t', '\u{200b}', '\u{feff}', './', '../', '/', '//', '%', '~', "'", 'MODELS:/'].map(
    (before) => (text: string) => `${before}${text}`,
  ),
  ...[
    ' ',
    '.0',
    '\0',
    '\n',
    '/',
    '/.',
    '/..',
    '%00',
    '%0a',
    '%2e',
    '#x',
    '?x=1',
    ';x',
    '\u{301}',
    "' OR '1'='1",
    '%',
    '_',
    'e0',
    '\\',
  ].map((behind) => (text: string) => `${text}${behind}`),
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  wide,
  (text) => text.replace(/[0-9]/, (digit) => wide(digit)),
  (text) => text.replace(/(?<=[0-9])(?=[0-9])/, '_'),
  (text) => text.replace(/\//g, '%2F'),
  (text) => text.replace(/./su, (letter) => `%${(letter.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`),
  (text) => text.replace(/./su, (letter) => `%25${(letter.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`),
  (text) => text.replace(/i/g, '\u{131}').replace(/k/g, '\u{212a}').replace(/s/g, '\u{17f}'),
  (text) => text.split('').reverse().join(''),
  (text) => text.repeat(3),
  (text) => `${text},${text}`,
  (text) => JSON.stringify(text),
  (text) => [text],
  (text) => [text, text],
  (text) => new Map([['value', text]]),
  (text) => new JsonNumber(/^[1-9][0-9]{0,18}$/.test(text) ? text : '1'),
  (text) => new JsonNumber(/^[1-9][0-9]{0,18}$/.test(text) ? `${text}.0` : '1e2'),
]

// Created anew each time, because values in a message may be changed later.
const odd = (): Json[] => [
  ...[
    '',
    ' ',
    '\0',
    '.',
    '..',
    '/',
    '*',
    '%',
    'null',
    'x'.repeat(600),
    '\u{1f600}',
    '\u{fdfa}'.repeat(40),
    '{}',
    '[]',
    '-1',
    '1e400',
    'NaN',
  ],
  ...[null, true, false, [], new Map<string, Json>(), [[]], [null]],
  ...['0', '-1', '1.5', '2147483648', '9223372036854775808', '1e999', '-0', '1.0'].map((text) => new JsonNumber(text)),
]

/** A position of a value in a message. */
interface Slot {
  readonly value: Json
  readonly put: (value: Json) => void
  readonly rename?: (name: (key: string) => string) => void
}

function slotsOf(value: Json, put: (value: Json) => void): Slot[] {
  const own: Slot = { value, put }
  if (Array.isArray(value)) {
    return [
      own,
      ...value.flatMap((item, at) =>
        slotsOf(item, (next) => {
          value[at] = next
        }),
      ),
    ]
  }
  if (!(value instanceof Map)) return [own]
  const inner = [...value].flatMap(([key, item]) => {
    const [first, ...rest] = slotsOf(item, (next) => void value.set(key, next))
    const rename = (name: (key: string) => string) => {
      value.delete(key)
      value.set(name(key), item)
    }
    return first === undefined ? rest : [{ ...first, rename }, ...rest]
  })
  return [own, ...inner]
}

function structuredCopy(value: Json): Json {
  if (Array.isArray(value)) return value.map(structuredCopy)
  return value instanceof Map ? new Map([...value].map(([key, item]) => [key, structuredCopy(item)])) : value
}

/** Every position in a message except its root. */
const slotsIn = (message: JsonObject) => slotsOf(message, () => undefined).slice(1)

/** All texts of a message, from which foreign values for other requests are drawn. */
export function textsIn(message: JsonObject): string[] {
  return slotsIn(message).flatMap(({ value }) => (typeof value === 'string' && value !== '' ? [value] : []))
}

/** One change to a message's content, in place. `foreign` are texts of others' requests. */
export function mutateMessage(random: Random, message: JsonObject, foreign: readonly string[]): void {
  const slots = slotsIn(message)
  const slot = random.maybe(slots)
  if (slot === undefined || random.once(12)) {
    message.set(random.pick(oddKeys), random.maybe(foreign) ?? 'x')
    return
  }
  const texts = slots.filter(({ value }) => typeof value === 'string')
  const text = random.maybe(texts)
  switch (random.below(8)) {
    case 0:
      slot.put(random.pick(odd()))
      return
    case 1:
      slot.rename?.(
        random.pick([camelCase, snakeCase, (key) => key.toUpperCase(), (key) => `${key} `, () => random.pick(oddKeys)]),
      )
      return
    case 2:
      text?.put(random.maybe(foreign) ?? '')
      return
    case 3: {
      const map = random.maybe(slots.filter(({ value }) => value instanceof Map))?.value
      if (map instanceof Map) map.set(random.pick(oddKeys), random.maybe(foreign) ?? 'x')
      return
    }
    case 4: {
      const list = random.maybe(slots.filter(({ value }) => Array.isArray(value)))?.value
      if (Array.isArray(list)) list.push(structuredCopy(random.maybe(list) ?? random.maybe(foreign) ?? ''))
      return
    }
    default:
      if (typeof text?.value === 'string') text.put(random.pick(spellings)(text.value))
  }
}
