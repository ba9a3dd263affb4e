/** The candidate that was probably meant: the same but for case and punctuation, a few letters off, or holding the word. */
export function findNearest(word: string, candidates: readonly string[]): string | null {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '')
  const wanted = plain(word)
  const same = candidates.find((candidate) => plain(candidate) === wanted)
  if (same !== undefined) return same
  if (wanted.length > 200) return null
  const near = candidates
    .map((candidate) => ({ candidate, distance: countEdits(wanted, plain(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(Math.min(wanted.length, candidate.length) / 3)))
    .toSorted((a, b) => a.distance - b.distance)[0]
  if (near !== undefined) return near.candidate
  const parts = wanted.length < 4 ? [] : candidates.filter((candidate) => plain(candidate).includes(wanted))
  return parts.length === 1 ? (parts[0] ?? null) : null
}

/** Levenshtein distance: letters to insert, delete or replace. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...to].entries()) {
      const [above = 0, diagonal = 0, left = 0] = [row[j + 1], row[j], next[j]]
      next.push(Math.min(above + 1, left + 1, diagonal + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row[to.length] ?? 0
}
