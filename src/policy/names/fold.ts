/** Characters. No id, key or alias of MLflow's is as long, and what is longer is none in any spelling. */
export const longestWord = 1024

/** The beginning of a text in Unicode's compatibility form, as long as a word may be: a whole text may get 18 times longer by it. */
export function foldWidth(text: string): string {
  return text.slice(0, longestWord).normalize('NFKC')
}

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

/** Whether a text is taken for itself alone, case apart. */
export function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text)
}

/** What one character is taken for: nothing, or some characters. */
export function foldCharacter(character: string): string {
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
