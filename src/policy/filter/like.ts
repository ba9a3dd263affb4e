/** Whether a text fits a pattern of SQL's LIKE, case included: `%` is any text, `_` any one character. In time of length times length. */
export function matchesLike(text: string, pattern: string): boolean {
  const characters = [...text]
  const wanted = [...pattern]
  let [at, place, star, mark] = [0, 0, -1, 0]
  while (at < characters.length) {
    if (wanted[place] === '%') {
      star = place
      place += 1
      mark = at
    } else if (wanted[place] === '_' || (place < wanted.length && wanted[place] === characters[at])) {
      at += 1
      place += 1
    } else if (star >= 0) {
      // The last `%` takes one character more.
      place = star + 1
      mark += 1
      at = mark
    } else {
      return false
    }
  }
  return wanted.slice(place).every((each) => each === '%')
}
