import { foldCharacter, isAscii, longestWord } from './fold.ts'

/**
 * What databases take for the same text. MySQL's and MariaDB's default collations tell neither case nor accents nor widths apart, pass over
 * characters that are not seen, and write some letters out; SQL Server reads Greek letters as Latin ones. Which collation a server's
 * database has is not known here, so two texts that any of them takes for one count as one.
 */

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
