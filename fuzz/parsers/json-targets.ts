import { type Json, JsonNumber } from '../../src/policy/messages/json/json.ts'
import { decodeUtf8, parseIfJson, parseJson, printJson } from '../../src/policy/messages/json/json-text.ts'
import type { Target } from './guided.ts'
import { equal, read } from './properties.ts'

/** Whether the value equals what JavaScript's own parser returns. */
function sameValue(ours: Json, theirs: unknown): boolean {
  if (ours instanceof JsonNumber) return Object.is(Number(ours.text), theirs)
  if (Array.isArray(ours))
    return Array.isArray(theirs) && ours.length === theirs.length && ours.every((item, at) => sameValue(item, theirs[at]))
  if (ours instanceof Map) {
    if (typeof theirs !== 'object' || theirs === null || Object.keys(theirs).length !== ours.size) return false
    return [...ours].every(
      ([key, item]) => Object.hasOwn(theirs, key) && sameValue(item, Object.getOwnPropertyDescriptor(theirs, key)?.value),
    )
  }
  return ours === theirs
}

const stricter = /half of a surrogate|is repeated|nested more than|keys and items/

function theirReading(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return null
  }
}

const json: Target = {
  name: 'json',
  seeds: ['{"a":[1,-0.5e3,true,null,"\\u00e9\\n"],"b":{"c":""}}', '"x"', '[[[]],{}]', '-0', '{"a":1,"\\u0061":2}'],
  check: (input) => {
    const text = read(() => decodeUtf8(input))
    if (text === undefined) return
    const theirs = theirReading(text)
    const { value, refusal } = outcomeOf(() => parseJson(text))
    if (value === undefined) {
      if (theirs !== null) equal(stricter.test(refusal), true, `refuses what every parser reads alike: ${refusal}`)
      return
    }
    equal(theirs !== null && sameValue(value, theirs.value), true, 'reads another value than JSON.parse')
    const printed = printJson(value)
    equal(printJson(parseJson(printed)), printed, 'printing and reading it again changes it')
  },
}

function outcomeOf<T>(make: () => T): { value: T | undefined; refusal: string } {
  let refusal = ''
  const value = read(make, (message) => {
    refusal = message
  })
  return { value, refusal }
}

const maybeJson: Target = {
  name: 'maybe-json',
  seeds: ['{"a":NaN}', '[1,Infinity]'],
  check: (input) => {
    const value = parseIfJson(input.toString('utf8'), { allowNaN: true })
    if (value === undefined) return
    const printed = printJson(value)
    const again = parseIfJson(printed, { allowNaN: true })
    equal(again === undefined ? undefined : printJson(again), printed, 'printing and reading it again changes it')
  },
}

/** JSON, as in every request and token. */
export const jsonTargets: readonly Target[] = [json, maybeJson]
