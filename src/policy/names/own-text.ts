/**
 * The same text in memory of its own. A part of a text keeps the whole of it: an id that is remembered from an answer would keep the answer.
 */
export function ownText(text: string): string {
  return ` ${text}`.slice(1)
}
