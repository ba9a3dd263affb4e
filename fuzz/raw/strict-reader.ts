/** A message as a strict parser of RFC 9112 reads it. */
interface StrictMessage {
  readonly method: string
  /** Where it begins and ends, in bytes. */
  readonly start: number
  readonly end: number
  /** The head, without the empty line after it. */
  readonly head: string
}

export interface StrictReading {
  /** Complete messages in sequence. */
  readonly messages: readonly StrictMessage[]
  /** What follows them: nothing, the beginning of a message, or something else. */
  readonly rest: 'nothing' | 'unfinished' | 'malformed'
}

// Node's parser accepts more than one space here, and line ends without CR before a message: neither changes where a message ends.
const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) +([\x21-\x7e]+) HTTP\/1\.([01])$/
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/
const chunkLine = /^([0-9A-Fa-f]{1,8})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/

interface Framing {
  readonly length: number
  readonly chunked: boolean
}

/** How the body is framed; null if parsers could disagree. HTTP/1.0 has no transfer codings. */
function framingOf(lines: readonly string[], version: string): Framing | null {
  let lengths: string[] = []
  let codings: string[] = []
  for (const line of lines) {
    const [, name = '', value = ''] = headerLine.exec(line) ?? []
    if (name === '') return null
    if (name.toLowerCase() === 'content-length') lengths = [...lengths, value]
    if (name.toLowerCase() === 'transfer-encoding') codings = [...codings, value.toLowerCase()]
  }
  if (lengths.length > 1 || codings.length > 1 || (lengths.length > 0 && codings.length > 0)) return null
  if (codings.length === 1) return codings[0] === 'chunked' && version === '1' ? { length: 0, chunked: true } : null
  const [length = '0'] = lengths
  return /^[0-9]{1,15}$/.test(length) ? { length: Number(length), chunked: false } : null
}

type End = number | 'unfinished' | 'malformed'

function endOfChunks(text: string, start: number): End {
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    const line = lineEnd < 0 ? text.slice(at) : text.slice(at, lineEnd)
    if (/[\r\n]/.test(line.replace(/\r$/, ''))) return 'malformed'
    if (lineEnd < 0) return 'unfinished'
    const [, digits] = chunkLine.exec(line) ?? []
    if (digits === undefined) return 'malformed'
    const size = Number.parseInt(digits, 16)
    at = lineEnd + 2
    if (size === 0) return endOfTrailers(text, at)
    if (text.length < at + size + 2) return 'unfinished'
    if (text.slice(at + size, at + size + 2) !== '\r\n') return 'malformed'
    at += size + 2
  }
}

function endOfTrailers(text: string, start: number): End {
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return 'unfinished'
    if (lineEnd === at) return at + 2
    if (!headerLine.test(text.slice(at, lineEnd))) return 'malformed'
    at = lineEnd + 2
  }
}

function endOfBody(text: string, start: number, { length, chunked }: Framing): End {
  if (chunked) return endOfChunks(text, start)
  return text.length < start + length ? 'unfinished' : start + length
}

/** Parses bytes into the messages that every parser finds in them, up to the first ambiguous one. Empty lines before a message are skipped. */
export function readStrictly(bytes: Buffer): StrictReading {
  const text = bytes.toString('latin1')
  const messages: StrictMessage[] = []
  for (let at = 0; ; ) {
    while (text[at] === '\n' || text.startsWith('\r\n', at)) at += text[at] === '\n' ? 1 : 2
    if (at === text.length) return { messages, rest: 'nothing' }
    const headEnd = text.indexOf('\r\n\r\n', at)
    if (headEnd < 0) return { messages, rest: 'unfinished' }
    const head = text.slice(at, headEnd)
    const [first = '', ...lines] = head.split('\r\n')
    const [, method, , version = ''] = requestLine.exec(first) ?? []
    const framing = framingOf(lines, version)
    if (method === undefined || framing === null) return { messages, rest: 'malformed' }
    const end = endOfBody(text, headEnd + 4, framing)
    if (typeof end === 'string') return { messages, rest: end }
    messages.push({ method, start: at, end, head })
    // After the answer to HTTP/1.0 the connection ends.
    if (version === '0') return { messages, rest: end === text.length ? 'nothing' : 'malformed' }
    at = end
  }
}
