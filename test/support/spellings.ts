import type { Field } from '../../src/policy/messages/field.ts'
import { shapeOf } from '../../src/policy/messages/message-shape.ts'

const integers =
  '0 7 7.0 7e0 70e-1 1e3 1.7e12 -0 -0.0 -7 7.5 1e400 9007199254740993 9007199254740993.0 2147483648 9223372036854775807 9223372036854775808 1e19 "7" "7.0" "7e0" "-7" "-0" "7.5" "9223372036854775808"'
const odd =
  'true false null "" "x" [] [7] {} NaN "NaN" "+7" "07" "007.0" " 7" "7 " "7\\n" "7_0" "\uff17" "0x7" "1e400" ".5" "5." "+7.0" "Infinity"'
const numbers = `0.5 5e-1 -0.0 7 1e5 1e-400 1e308 1e400 "0.5" "7" "-Infinity" "inf" "-inf" "INFINITY" "+Infinity" "nan" "NAN" "infinity" "1_0.5" " 0.5" Infinity`
const booleans = '0 1 1.0 "true" "false" "True" "FALSE" "1" "0"'
const texts = '7 7.0 -7 -0 1e3 12345678901234567890 "a b" "\\u00e9" "\\ud83d\\ude00" "\\ud800" "null"'
const times =
  '"2026-01-31T12:00:00Z" "2026-01-31T12:00:00.5Z" "2026-01-31T12:00:00.123456789+01:00" "2026-01-31t12:00:00z" "2026-01-31 12:00:00Z" "2026-01-31" "2026-02-30T00:00:00Z" "2026-01-31T12:00:00" "2026-01-31T12:00:60Z" "2026-01-31T12:00:00.1234567891Z" 1700000000'
const durations = '"1s" "-1.5s" "1.123456789s" "1.1234567891s" "0s" "1" "1 s" "1.s" ".5s" "+1s" "1e3s" 1 1.5'
const masks = '"a" "aB" "a.bC" "a,b" "a_b" "A" "a, b"'
const bytes = '"eA==" "eA" "-_-_" "+/+/" "e" "e A=="'

/** JSON texts that somebody could write for one value of a field. */
function spellingsOfOne({ type, form, values = [], numbers: ofNames = [], message }: Field): string[] {
  const words = (text: string) => `${text} ${odd}`.split(/ (?=(?:[^"]*"[^"]*")*[^"]*$)/)
  if (type === 'enum') {
    const [name = '', number = 0] = [values.at(-1), ofNames.at(-1)]
    const forms = [
      `"${name}"`,
      `"${name.toLowerCase()}"`,
      `${number}`,
      `${number}.0`,
      `${number}e0`,
      `${number}.5`,
      `"${number}"`,
    ]
    return words([...forms, `"${number}.0"`, `"+${number}"`, `"0${number}"`, `" ${number}"`, '99', '-1', '"99"', '1.0'].join(' '))
  }
  if (type === 'string') return words(texts)
  if (type === 'bytes') return words(bytes)
  if (type === 'bool') return words(booleans)
  if (type === 'float' || type === 'double') return words(numbers)
  if (type === 'message') return words(Object.keys(shapeOf(message ?? '')).length > 0 ? '{} "{}"' : '{}')
  if (type === 'json')
    return words(form === 'timestamp' ? times : form === 'duration' ? durations : form === 'fieldMask' ? masks : integers)
  return words(integers)
}

/** JSON texts that somebody could write for a field, right and wrong ones. */
export function spellingsOf(field: Field): string[] {
  const one = spellingsOfOne(field)
  if (field.map) return [...one.map((text) => `{"k":${text}}`), '{}', 'null', '[]', '"x"', '{"aB":null}']
  if (!field.repeated) return one
  const [first = 'null'] = one
  return [...one.map((text) => `[${text}]`), ...one, '[]', `[${first},${first}]`, `{"0":${first}}`, `[[${first}]]`]
}

/** What a query could say for a field: the words alone of all those texts. */
export function wordsOf(field: Field): string[] {
  const texts = spellingsOfOne(field).map((text) => (text.startsWith('"') ? String(JSON.parse(text)) : text))
  return [...new Set([...texts, 'TRUE', 'true', 'False'])].filter((word) => word.isWellFormed())
}

/** What two fields have alike where they are read alike. */
export function kindOf(name: string, { versions: _, required: __, oneof: ___, ...field }: Field): string {
  return JSON.stringify([field, /^experiment_ids?$/.test(name)])
}
