import { Refusal } from '../reasons.ts'

const unusual = /[^!-~]|#/

/** The pairs of an application/x-www-form-urlencoded query, in order. Throws Refusal 'malformed' where parsers could disagree. */
export function parseQuery(rawQuery: string): [key: string, value: string][] {
  if (rawQuery === '') return []
  if (unusual.test(rawQuery)) {
    throw new Refusal(
      'malformed',
      "The query contains a character that must be percent-encoded, such as a space, '#' or a non-ASCII letter.",
    )
  }
  return rawQuery.split('&').map((pair) => {
    const equals = pair.indexOf('=')
    const key = decodePart(equals === -1 ? pair : pair.slice(0, equals))
    if (key === '') throw new Refusal('malformed', "The query contains a parameter without a name: check its '&' and '=' signs.")
    return [key, equals === -1 ? '' : decodePart(pair.slice(equals + 1))]
  })
}

/** A query (without '?') that every parser reads as these pairs. */
export function printQuery(pairs: Iterable<readonly [key: string, value: string]>): string {
  return Array.from(pairs, ([key, value]) => `${encodePart(key)}=${encodePart(value)}`).join('&')
}

// decodeURIComponent refuses malformed percent signs, overlong forms, surrogates and other invalid UTF-8.
function decodePart(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new Refusal('malformed', 'The query is not valid percent-encoded UTF-8: encode its parameters again.')
  }
}

function encodePart(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
}
