import type { Json } from '../../policy/messages/json/json.ts'

const partOfWord = /[\p{L}\p{N}_]/u

export function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Whether a text has a word, and not as a part of a longer one. */
function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!partOfWord.test(text[at - 1] ?? ' ') && !partOfWord.test(text[at + word.length] ?? ' ')) return true
  }
  return false
}

/** Those of some words that the caller said somewhere in a request. */
export function saidAmong(message: Json, words: readonly string[]): ReadonlySet<string> {
  const [left, said] = [new Set(words), new Set<string>()]
  const lookIn = (value: Json): void => {
    if (left.size === 0) return
    if (typeof value === 'string') {
      for (const word of left) {
        if (word.length > value.length || !hasWord(value, word)) continue
        said.add(word)
        left.delete(word)
      }
    } else if (Array.isArray(value)) for (const item of value) lookIn(item)
    else if (value instanceof Map)
      for (const [key, item] of value) {
        lookIn(key)
        lookIn(item)
      }
  }
  if (left.size > 0) lookIn(message)
  return said
}
