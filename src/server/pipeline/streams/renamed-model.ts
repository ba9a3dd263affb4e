import { Transform } from 'node:stream'

/** Spaces that a printer of JSON may put beside a colon. */
const mostSpaces = 8

/** The beginnings of `"model": "<name>"`, for the end of a piece that may be cut in the middle of one. */
function mayBegin(text: string, name: string): boolean {
  const key = '"model"'
  if (text.length <= key.length) return key.startsWith(text)
  if (!text.startsWith(key)) return false
  const [, value] = /^\s{0,8}(?::\s{0,8}(.*))?$/s.exec(text.slice(key.length)) ?? []
  return value === undefined ? /^\s{0,8}:?$/.test(text.slice(key.length)) : `"${name}"`.startsWith(value)
}

/** Where the end of a text may be the beginning of what is looked for; its length where it is not. */
function cutOf(text: string, name: string): number {
  const first = Math.max(0, text.length - '"model"'.length - 2 * mostSpaces - name.length - 3)
  for (let index = text.indexOf('"', first); index !== -1; index = text.indexOf('"', index + 1)) {
    if (mayBegin(text.slice(index), name)) return index
  }
  return text.length
}

/**
 * Puts the caller's name of a serving endpoint in the place of the workspace's, where an answer says it as its `model`: in JSON or in
 * events, as they come. All else passes byte for byte. Inside a text of JSON quotes are escaped, so that no model's words are changed.
 * Names of endpoints are letters, digits, dashes and underscores.
 */
export function renamedModel(stored: string, shown: string): Transform {
  const wanted = new RegExp(`("model"\\s{0,${mostSpaces}}:\\s{0,${mostSpaces}}")${stored}"`, 'g')
  let held = ''
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // Each byte is one character: what is no ASCII stays as it is.
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
