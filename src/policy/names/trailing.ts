/** A text without the letters of one kind at its end. A pattern such as `/=+$/` takes the square of their number. */
export function withoutTrailing(text: string, letter: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === letter) end -= 1
  return text.slice(0, end)
}
