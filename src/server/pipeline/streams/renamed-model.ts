import { Transform } from 'node:stream'

/** Whitespace that a JSON printer may put next to a colon. */
const mostSpaces = 8

/** The prefixes of `"model": "<name>"`, for the end of a chunk that may be cut in the middle of it. */
function mayBegin(text: string, name: string): boolean {
  const key = '"model"'
  if (text.length <= key.length) return key.startsWith(text)
  if (!text.startsWith(key)) return false
  const [, value] = /^\s{0,8}(?::\s{0,8}(.*))?$/s.exec(text.slice(key.length)) ?? []
  return value === undefined ? /^\s{0,8}:?$/.test(text.slice(key.length)) : `"${name}"`.startsWith(value)
}

/** The index at which a possible match begins at the end of a text; its length if there is none. */
function cutOf(text: string, name: string): number {
  const first = Math.max(0, text.length - '"model"'.length - 2 * mostSpaces - name.length - 3)
  for (let index = text.indexOf('"', first); index !== -1; index = text.indexOf('"', index + 1)) {
    if (mayBegin(text.slice(index), name)) return index
  }
  return text.length
}

/**
 * Replaces the workspace's name of a serving endpoint by the caller's in the `model` of an answer: in JSON or in
 * events, as they arrive. Everything else passes unchanged. Quotes inside JSON strings are escaped, so that a model's own text is never changed.
 * Names of endpoints consist of letters, digits, dashes and underscores.
 */
export function renamedModel(stored: string, shown: string): Transform {
  const wanted = new RegExp(`("model"\\s{0,${mostSpaces}}:\\s{0,${mostSpaces}}")${stored}"`, 'g')
  let held = ''
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // Latin-1: each byte is one character, so that bytes beyond ASCII stay unchanged.
      const text = (held + chunk.toString('latin1')).replace(wanted, `$1${shown}"`)
      const cut = cutOf(text, stored)
      held = text.slice(cut)
      done(null, Buffer.from(text.slice(0, cut), 'latin1'))
    },
    flush(done) {
      done(null, Buffer.from(held, 'latin1'))
    },
  })
}
