import type { Random } from './random.ts'

/** Words that are difficult for parsers of this kind. */
const words = [
  ...[
    '\0',
    '\r\n',
    '\n',
    '\\',
    '"',
    "'",
    '`',
    '%',
    '%00',
    '%2e',
    '%252f',
    '%25',
    '&',
    '=',
    '+',
    ';',
    '--',
    '/*',
    '..',
    '/../',
    '//',
  ],
  ...[
    '\u{feff}',
    '\u{200b}',
    '\u{ff11}',
    '\u{301}',
    '\u{212a}',
    '\u{fdfa}',
    '\u{1f600}',
    '\u{2028}',
    '\\u0000',
    '\\ud800',
    '\\u005f',
  ],
  ...[
    '__proto__',
    'constructor',
    'null',
    'true',
    'NaN',
    '-Infinity',
    '1e999',
    '-0',
    '0x10',
    '9223372036854775808',
    '1_000',
    '01',
  ],
  ...[
    '{}',
    '[]',
    '[[',
    '{"',
    '":',
    ',',
    '()',
    ' AND ',
    ' OR ',
    ' IN (',
    ' LIKE ',
    'models:/',
    'runs:/',
    'mlflow-artifacts:/',
    'dbfs:/',
  ],
].map((word) => Buffer.from(word))
const loose = ['\xc0\xaf', '\xed\xa0\x80', '\xff', '\xfe\xff', '\x80', '\xf4\x90\x80\x80'].map((word) =>
  Buffer.from(word, 'latin1'),
)
const dictionary = [...words, ...loose]

function splice(input: Buffer, at: number, removed: number, put: Uint8Array): Buffer {
  return Buffer.concat([input.subarray(0, at), put, input.subarray(at + removed)])
}

function flip(random: Random, input: Buffer): Buffer {
  const output = Buffer.from(input)
  const at = random.below(output.length)
  if (output.length > 0) output[at] = random.once(2) ? random.below(256) : (output[at] ?? 0) ^ (1 << random.below(8))
  return output
}

/** Replaces a piece of one input by a piece of another. */
function cross(random: Random, input: Buffer, other: Buffer): Buffer {
  const from = random.below(other.length)
  const piece = other.subarray(from, from + 1 + random.below(Math.min(64, other.length)))
  return splice(input, random.below(input.length + 1), random.once(2) ? piece.length : 0, piece)
}

function repeat(random: Random, input: Buffer): Buffer {
  const from = random.below(input.length)
  const piece = input.subarray(from, from + 1 + random.below(16))
  const times = random.once(20) ? 1 + random.below(256) : 1 + random.below(8)
  return splice(input, from, 0, Buffer.concat(Array.from({ length: times }, () => piece)))
}

/** One small change. `more` are words of the fuzzed language, `other` is another input of it. */
function mutateOnce(random: Random, input: Buffer, more: readonly Buffer[], other: Buffer): Buffer {
  const at = random.below(input.length + 1)
  switch (random.below(8)) {
    case 0:
      return flip(random, input)
    case 1:
      return splice(input, at, 0, random.pick(dictionary))
    case 2:
      return splice(input, at, 1 + random.below(4), random.pick(dictionary))
    case 3:
      return splice(input, at, random.below(4), random.maybe(more) ?? random.bytes(2))
    case 4:
      return splice(input, at, 1 + random.below(random.once(4) ? 64 : 4), Buffer.alloc(0))
    case 5:
      return cross(random, input, other)
    case 6:
      return repeat(random, input)
    default:
      return splice(input, at, 0, Buffer.from([random.below(128)]))
  }
}

/** Several small changes in sequence. */
export function mutateBytes(random: Random, input: Buffer, more: readonly Buffer[] = [], other = input, most = 4096): Buffer {
  let output: Buffer = input
  for (let left = 1 + random.below(random.once(3) ? 8 : 2); left > 0; left--) output = mutateOnce(random, output, more, other)
  return output.length > most ? output.subarray(0, most) : output
}
