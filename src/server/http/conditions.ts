type Headers = Readonly<Record<string, unknown>>

const entityTag = '(?:W/)?"[\\x21\\x23-\\x7e]{0,200}"'
const tags = new RegExp(`^(?:\\*|${entityTag}(?:,[ ]?${entityTag}){0,20})$`)
const tag = new RegExp(`^${entityTag}$`)
const date = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/
const range = /^bytes=(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})$/

const forms: Readonly<Record<string, (value: string) => boolean>> = {
  'if-match': (value) => tags.test(value),
  'if-none-match': (value) => tags.test(value),
  'if-modified-since': (value) => date.test(value),
  'if-unmodified-since': (value) => date.test(value),
  'if-range': (value) => tag.test(value) || date.test(value),
  range: (value) => range.test(value),
}

/**
 * The headers of a request for a part of a file, or for the whole unless the client has it (RFC 9110, 13 and 14), if they are
 * unambiguous. Several ranges are ignored, as RFC 9110 allows, and so is a range with an `If-Range` that cannot be compared.
 */
export function conditionsOf(headers: Headers, method: string): Record<string, string> {
  const asked = Object.entries(forms).flatMap(([name, isForm]): [string, string][] => {
    const value = headers[name]
    return typeof value === 'string' && isForm(value) ? [[name, value]] : []
  })
  const known = Object.fromEntries(asked)
  // RFC 9110, 14.2: ranges only apply to GET.
  const isPart = method === 'GET' && known.range !== undefined && (headers['if-range'] === undefined || 'if-range' in known)
  if (isPart) return known
  const { range: _range, 'if-range': _ifRange, ...whole } = known
  return whole
}

/** Whether the answer may be 304 (not modified). */
export function isConditional(conditions: Readonly<Record<string, string>>): boolean {
  return 'if-none-match' in conditions || 'if-modified-since' in conditions
}

/** First byte, last byte and total size in a `Content-Range`; null if it has another form. */
export function readContentRange(header: unknown): { first: number; last: number; size: number } | null {
  const [, first, last, size] =
    /^bytes ([0-9]{1,15})-([0-9]{1,15})\/([0-9]{1,15})$/.exec(typeof header === 'string' ? header : '') ?? []
  if (first === undefined) return null
  const part = { first: Number(first), last: Number(last), size: Number(size) }
  return part.first <= part.last && part.last < part.size ? part : null
}

/** Whether an answer contains exactly the range that `Range` requests. */
export function isAskedPart(asked: string | undefined, contentRange: unknown): boolean {
  const part = readContentRange(contentRange)
  const [, first = '', last = ''] = /^bytes=([0-9]*)-([0-9]*)$/.exec(asked ?? '') ?? []
  if (part === null || asked === undefined) return false
  const end = part.size - 1
  if (first === '') return part.last === end && part.first === Math.max(0, part.size - Number(last))
  return part.first === Number(first) && part.last === (last === '' ? end : Math.min(Number(last), end))
}
