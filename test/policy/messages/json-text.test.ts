import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { type Json, JsonNumber } from '../../../src/policy/messages/json/json.ts'
import { decodeUtf8, parseJson, printJson } from '../../../src/policy/messages/json/json-text.ts'
import { Refusal } from '../../../src/policy/reasons.ts'

function refusalOf(act: () => unknown): Refusal {
  try {
    act()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const malformed: Record<string, string> = {
  nothing: '',
  'only space': ' \n',
  'a duplicate key': '{"a":1,"a":2}',
  'a duplicate key behind an escape': '{"run_id":"x","run\\u005fid":"y"}',
  'a duplicate key deep inside': '[{"b":{"a":1,"a":1}}]',
  'trailing garbage': '{} {}',
  'a trailing brace': '{}}',
  'a trailing NUL': '{}\0',
  'a trailing comma in an object': '{"a":1,}',
  'a trailing comma in an array': '[1,]',
  'a leading comma': '[,1]',
  'a missing comma': '[1 2]',
  'a missing colon': '{"a" 1}',
  'a missing value': '{"a":}',
  'an unquoted key': '{a:1}',
  'a single-quoted string': "{'a':1}",
  'a number as key': '{1:1}',
  'a leading zero': '[01]',
  'a negative leading zero': '[-01]',
  'a plus sign': '[+1]',
  'a bare point': '[1.]',
  'no digit before the point': '[.5]',
  'an empty exponent': '[1e]',
  'a hexadecimal number': '[0x10]',
  'an underscore in a number': '[1_0]',
  'a full-width digit': '[１]',
  NaN: '[NaN]',
  Infinity: '[Infinity]',
  'minus Infinity': '[-Infinity]',
  undefined: '[undefined]',
  'True as Python says it': '[True]',
  'a longer word': '[nullx]',
  'an unfinished word': '[tru',
  'an unfinished string': '["a',
  'an unfinished escape': '["a\\',
  'an unfinished object': '{"a":1',
  'an unfinished array': '[1',
  'an unknown escape': '["\\x41"]',
  'an escaped single quote': '["\\\'"]',
  'a short unicode escape': '["\\u00e"]',
  'a signed unicode escape': '["\\u+041"]',
  'a raw newline in a string': '["a\nb"]',
  'a raw newline after an escape': '["\\t\n"]',
  'a raw tab in a key': '{"a\tb":1}',
  'a raw NUL in a string': '["a\0"]',
  'a lone high surrogate escape': '["\\ud800"]',
  'a lone low surrogate escape': '["\\udc00"]',
  'swapped surrogate escapes': '["\\udc00\\ud800"]',
  'a surrogate escape before a raw pair': '["\\ud83d😀"]',
  'a raw lone surrogate': '["\ud800"]',
  'a raw lone surrogate outside strings': '[]\udc00',
  'a byte order mark': '\ufeff{}',
  'a no-break space': '\u00a0{}',
  'a form feed': '\f{}',
  'a line comment': '{} // x',
  'a block comment': '/**/{}',
  'UTF-16 read as bytes': '{\0}\0',
}

t.test('parseJson refuses as malformed', async (t) => {
  for (const [name, text] of Object.entries(malformed)) {
    const refusal = refusalOf(() => parseJson(text))
    t.equal(refusal.reason, 'malformed', name)
    t.match(refusal.message, /^The JSON .*\.$/, name)
  }
})

t.test('a refusal gives the position and never the content', async (t) => {
  const refusal = refusalOf(() => parseJson('{"secret":1,"secret":2}'))
  t.match(refusal.message, 'at character 12: a key of this object is repeated')
  t.notMatch(refusal.message, 'secret')
})

t.test('depth and keys are limited exactly', async (t) => {
  const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  t.ok(parseJson(deep(64)))
  t.match(refusalOf(() => parseJson(deep(65))).message, 'more than 64 levels')
  t.match(refusalOf(() => parseJson('['.repeat(1e6))).message, 'more than 64 levels')
  t.match(refusalOf(() => parseJson('{"a":'.repeat(1500))).message, 'more than 64 levels')
  t.ok(parseJson(deep(200), { maxDepth: 200 }))
  t.ok(parseJson('[[],[],[]]', { maxDepth: 2 }), 'siblings are not nested')
  t.ok(parseJson('[{"a":1},{"a":2}]', { maxKeys: 4 }), 'the same key in two objects')
  t.match(refusalOf(() => parseJson('[{"a":1},{"a":2,"b":3}]', { maxKeys: 4 })).message, 'more than 4 keys and items')
  t.match(refusalOf(() => parseJson('[0,[0,0],{}]', { maxKeys: 4 })).message, 'more than 4 keys and items')
})

t.test('numbers keep their text', async (t) => {
  for (const text of [
    '9007199254740993',
    '-0',
    '0',
    '1.0',
    '1e400',
    '1E+05',
    '0.10',
    '-9223372036854775808',
    '123456789.123456789e-9',
  ]) {
    t.same(parseJson(text), new JsonNumber(text))
    t.equal(printJson(parseJson(`[${text}]`)), `[${text}]`)
  }
})

t.test('NaN and the infinities pass only where they are allowed, and print as they came', async (t) => {
  const text = '{"metrics":[NaN,Infinity,-Infinity,1]}'
  t.equal(printJson(parseJson(text, { allowNaN: true })), text)
  for (const wrong of ['[nan]', '[+Infinity]', '[-NaN]', '[Infinit]', '[- Infinity]']) {
    t.equal(refusalOf(() => parseJson(wrong, { allowNaN: true })).reason, 'malformed', wrong)
  }
})

t.test('strings are unescaped', async (t) => {
  t.same(parseJson('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9"'), '"\\/\b\f\n\r\tAé')
  t.same(parseJson('"a\\ud83d\\ude00b"'), 'a😀b')
  t.same(parseJson('"😀\u2028\u007f"'), '😀\u2028\u007f')
  t.same(parseJson('"\\u0000"'), '\0')
  t.same(
    parseJson('{"__proto__":1,"constructor":2}'),
    new Map([
      ['__proto__', new JsonNumber('1')],
      ['constructor', new JsonNumber('2')],
    ]),
  )
})

t.test('printJson refuses a JsonNumber that is no number', async (t) => {
  for (const text of ['', '1,2', '01', 'nan', '"1"', '1\n']) t.throws(() => printJson(new JsonNumber(text)), TypeError)
})

t.test('decodeUtf8 reads UTF-8 only', async (t) => {
  const wrong: Record<string, number[]> = {
    'UTF-8 with a byte order mark': [0xef, 0xbb, 0xbf, 0x7b, 0x7d],
    'UTF-16 with a byte order mark': [0xff, 0xfe, 0x7b, 0, 0x7d, 0],
    'big-endian UTF-16 with a byte order mark': [0xfe, 0xff, 0, 0x7b, 0, 0x7d],
    'UTF-32 with a byte order mark': [0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0],
    'an overlong slash': [0x22, 0xc0, 0xaf, 0x22],
    'an encoded surrogate': [0x22, 0xed, 0xa0, 0x80, 0x22],
    'a cut sequence': [0x22, 0xe2, 0x82],
    'Latin-1': [0x22, 0xe9, 0x22],
    gzip: [0x1f, 0x8b, 8, 0],
  }
  for (const [name, bytes] of Object.entries(wrong)) {
    t.equal(refusalOf(() => decodeUtf8(Uint8Array.from(bytes))).reason, 'malformed', name)
    t.equal(decodeUtf8(new TextEncoder().encode('é😀')), 'é😀', 'and the next text is read afresh')
  }
  const utf16 = Uint8Array.from([...'{"a":1}'].flatMap((letter) => [letter.charCodeAt(0), 0]))
  t.equal(refusalOf(() => parseJson(decodeUtf8(utf16))).reason, 'malformed', 'UTF-16 without a byte order mark')
})

const numberText = fc.oneof(
  fc.bigInt().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
)
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false),
    fc.string({ unit: 'binary' }),
    numberText.map((text) => new JsonNumber(text)),
    fc.array(tie('json')),
    fc.array(fc.tuple(fc.string({ unit: 'binary' }), tie('json'))).map((entries) => new Map(entries)),
  ),
}))

t.test('parsing what was printed gives the same value', async () => {
  fc.assert(fc.property(json, (value) => isDeepStrictEqual(parseJson(printJson(value)), value)))
})

t.test('parseJson accepts and reads what JSON.parse does, and refuses whatever it refuses', async () => {
  const texts = fc.oneof(
    fc.json(),
    fc.json().chain((text) => fc.nat(text.length).map((at) => text.slice(0, at))),
    fc
      .array(fc.constantFrom('{', '}', '[', ']', ':', ',', '"', '\\', 'u', '0', '1', '-', '.', 'e', 'true', ' ', 'a'), {
        maxLength: 12,
      })
      .map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      let expected: unknown
      let valid = true
      try {
        expected = JSON.parse(text)
      } catch {
        valid = false
      }
      try {
        const value = parseJson(text)
        return valid && printJson(value).length > 0 && sameAs(value, expected)
      } catch (error) {
        return error instanceof Refusal && (!valid || /repeated|surrogate|levels/.test(error.message))
      }
    }),
    { numRuns: 2000 },
  )
})

function sameAs(value: Json, expected: unknown): boolean {
  if (value instanceof JsonNumber) return Object.is(Number(value.text), expected)
  if (Array.isArray(value))
    return Array.isArray(expected) && value.length === expected.length && value.every((item, at) => sameAs(item, expected[at]))
  if (value instanceof Map) {
    const entries = new Map(Object.entries(Object(expected)))
    return entries.size === value.size && [...value].every(([key, item]) => sameAs(item, entries.get(key)))
  }
  return value === expected
}
