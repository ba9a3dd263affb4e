import { longestWord } from './fold.ts'

/**
 * What databases take for the same text. MySQL's and MariaDB's default collations tell neither case nor accents nor widths apart, pass over
 * characters that are not seen, and write some letters out; SQL Server reads Greek letters as Latin ones. Which collation a server's
 * database has is not known here, so two texts that any of them takes for one count as one.
 */

/** What no collation weighs, besides marks and characters without a form: letters and signs that only join others. */
const joining = /[\u0640\u06de\u07fa\u0824\u0828\u180a\u1cd3\u1cf2\u1cf3\ufc5e-\ufc63\ufcf2-\ufcf4\ufe70-\ufe7f]/

/** What is taken for ASCII though it does not decompose to it (Unicode's DUCET, and SQL Server's "best fit" of Windows-1252). */
const taken: readonly (readonly [plain: string, characters: string])[] = [
  ['a', 'α\u{363}\u{1dd3}\u{1df2}ꞛꟁ'],
  ['b', 'ƀ\u{1de8}'],
  ['c', '\u{368}\u{1dd7}'],
  ['d', 'ðđɖδ\u{369}\u{1dd8}\u{1dd9}ꝺ\u{1f1a5}'],
  ['e', 'ε℮\u{364}'],
  ['f', 'φ\u{1deb}ꝼ'],
  ['g', 'ǥɡγ\u{1acc}ᵹ\u{1dda}ꞡ'],
  ['h', 'ħһ\u{36a}'],
  ['i', 'ıɨ\u{365}'],
  ['k', '\u{1ddc}ꞣ'],
  ['l', 'ŀłƚ\u{1ddd}'],
  ['m', '\u{36b}'],
  ['n', '\u{1de0}ꞥ'],
  ['o', 'øɵω\u{366}\u{1ded}\u{1df3}ꞝ'],
  ['p', 'π℘\u{1dee}\u{1f18a}'],
  ['r', '\u{36c}\u{1acd}\u{1dca}\u{1de3}ꝛꞃꞧ'],
  ['s', 'σς\u{1de4}\u{1de5}ꞅꞩꟙ'],
  ['t', 'ŧƫʈθτ\u{36d}\u{1ace}ꞇ'],
  ['u', '\u{367}\u{1df0}\u{1df4}ꞟ'],
  ['v', '\u{36e}'],
  ['w', '\u{1abf}\u{1df1}ꟃ'],
  ['x', '\u{36f}'],
  ['z', 'ƶ\u{1de6}'],
  ['ae', 'æ\u{1dd4}'],
  ['db', 'ȸ'],
  ['dz', 'ʣ'],
  ['ls', 'ʪ'],
  ['lz', 'ʫ'],
  ['oe', 'œ'],
  ['qp', 'ȹ'],
  ['ss', 'ß'],
  ['th', 'þᵺ'],
  ['ts', 'ƾʦ'],
  ['zw', 'ƍ'],
  ['-', '‐‑−'],
  ['.', '∙'],
  ['/', '⁄∕'],
  [':', '։∶'],
  ['=', '‗'],
  ['*', '∗'],
]
const plainOf: ReadonlyMap<string, string> = new Map(
  taken.flatMap(([plain, characters]) => [...characters].map((character): [string, string] => [character, plain])),
)

/** Signs that stand in a row for numbers or letters, with what the first of them is taken for. */
const rows: readonly (readonly [first: number, last: number, value: number | 'a'])[] = [
  [0x9f4, 0x9f7, 1],
  [0xc78, 0xc7b, 0],
  [0xc7c, 0xc7e, 1],
  [0xf2a, 0xf32, 1],
  [0xf33, 0xf33, 0],
  [0x1369, 0x1371, 1],
  [0x17f0, 0x17f9, 0],
  [0x19da, 0x19da, 1],
  [0x2185, 0x2185, 6],
  [0x24eb, 0x24f4, 11],
  [0x24f5, 0x24fe, 1],
  [0x24ff, 0x24ff, 0],
  [0x2776, 0x277f, 1],
  [0x2780, 0x2789, 1],
  [0x278a, 0x2793, 1],
  [0x3007, 0x3007, 0],
  [0x3021, 0x3029, 1],
  [0x1f150, 0x1f169, 'a'],
  [0x1f170, 0x1f189, 'a'],
]

/** The value of a decimal digit of any script: they stand in tens. */
function decimalDigit(code: number): string {
  let first = code
  while (/^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first -= 1
  return String((code - first) % 10)
}

function foldSign(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const [first, , value] = rows.find((row) => row[0] <= code && code <= row[1]) ?? []
  if (first === undefined || value === undefined) return /^\p{Nd}$/u.test(character) ? decimalDigit(code) : character
  return value === 'a' ? String.fromCharCode(0x61 + code - first) : String(value + code - first)
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text)
}

/** What one character is taken for: nothing, or some characters. */
function foldCharacter(character: string): string {
  if (/^[ -~]$/.test(character)) return character.toLowerCase()
  if (joining.test(character)) return ''
  const lower = character.toLowerCase()
  const known = plainOf.get(lower)
  if (known !== undefined) return known
  const parts = [...lower.normalize('NFKD').toLowerCase()].map(
    (part) => plainOf.get(part) ?? (/^[\p{M}\p{C}]$/u.test(part) ? '' : foldSign(part)),
  )
  return parts.join('')
}

/** The parts of a text with what each is taken for. */
interface Part {
  readonly text: string
  readonly folded: string
}

/** In two ways: `ß` is two letters to most collations, and one to MySQL's `utf8mb4_general_ci`. */
function foldParts(text: string): readonly (readonly Part[])[] {
  const parts = [...text].map((each) => ({ text: each, folded: foldCharacter(each) }))
  if (!/[ßẞ]/.test(text)) return [parts]
  return [parts, parts.map((part) => (/[ßẞ]/.test(part.text) ? { ...part, folded: 's' } : part))]
}

/** Every text that a database may take the beginning of this for, as long as a word may be: in lower case, without spaces around it. */
export function readings(whole: string): readonly string[] {
  const text = whole.slice(0, longestWord)
  if (isAscii(text)) return [text.trim().toLowerCase()]
  return foldParts(text).map((parts) =>
    parts
      .map(({ folded }) => folded)
      .join('')
      .trim(),
  )
}

/** Whether a database may take one text for another. */
export function mayBeOne(first: string, second: string): boolean {
  const others = readings(second)
  return readings(first).some((reading) => others.includes(reading))
}

/** Finds the word, of those that are kept, that a database may take a text for; null where there is none. */
export function findsWord(words: readonly string[]): (text: string) => string | null {
  const known = new Map(words.flatMap((word) => readings(word).map((reading): [string, string] => [reading, word])))
  return (text) => {
    for (const reading of readings(text)) {
      const word = known.get(reading)
      if (word !== undefined) return word
    }
    return null
  }
}

/** How many characters of a text, from its beginning, a database may take for `start`: as many as possible. Null where there are none. */
function startLength(parts: readonly Part[], start: string): number | null {
  let [folded, length] = ['', 0]
  let found: number | null = null
  for (const part of parts) {
    folded += part.folded
    length += part.text.length
    if (folded.length > start.length) break
    if (folded === start) found = length
  }
  return found
}

/** The same from its end: as few as possible, so that a mark stays with the letter before it. */
function endLength(parts: readonly Part[], end: string): number | null {
  let [folded, length] = ['', 0]
  for (const part of parts.toReversed()) {
    folded = `${part.folded}${folded}`
    length += part.text.length
    if (folded === end) return length
    if (folded.length > end.length) return null
  }
  return null
}

/**
 * What a database may take the beginnings of a text for, or its ends, as long as they are at most `longest` characters then. Nothing for
 * ASCII, which is taken for itself, case apart.
 */
export function foldedEdges(text: string, edge: 'start' | 'end', longest: number): ReadonlySet<string> {
  const found = new Set<string>()
  for (const parts of isAscii(text) ? [] : foldParts(text)) {
    let folded = ''
    for (const part of edge === 'start' ? parts : parts.toReversed()) {
      folded = edge === 'start' ? `${folded}${part.folded}` : `${part.folded}${folded}`
      if (folded.length > longest) break
      found.add(folded)
    }
  }
  return found
}

/**
 * What is left of a text when what stands before and behind it is taken away, in a spelling beyond ASCII that a database may take for these;
 * else null. These are ASCII.
 */
export function within(text: string, before: string, after: string): string | null {
  // Case apart, ASCII is taken for nothing else.
  if (isAscii(text)) return null
  for (const parts of foldParts(text)) {
    const start = before === '' ? 0 : startLength(parts, before.toLowerCase())
    const end = after === '' ? 0 : endLength(parts, after.toLowerCase())
    if (start !== null && end !== null && start + end <= text.length) return text.slice(start, text.length - end)
  }
  return null
}
