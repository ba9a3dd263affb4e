/** A message as only a strict reader of RFC 9112 finds one. */
interface StrictMessage {
  readonly method: string
  /** Where it begins and ends, in bytes. */
  readonly start: number
  readonly end: number
  /** The head, without the empty line behind it. */
  readonly head: string
}

export interface StrictReading {
  /** Whole messages, one behind the other. */
  readonly messages: readonly StrictMessage[]
  /** What is behind them: nothing, the beginning of a message, or what is none. */
  readonly rest: 'nothing' | 'unfinished' | 'malformed'
}

// Node's parser takes more than one space here, and line ends before a message without their CR: neither moves where a message ends.
const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) +([\x21-\x7e]+) HTTP\/1\.([01])$/
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/
const chunkLine = /^([0-9A-Fa-f]{1,8})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/

interface Framing {
  readonly length: number
  readonly chunked: boolean
}

/** How the body is framed; null where it is not clear to everybody. HTTP/1.0 knows no codings. */
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

/** Reads bytes as the messages that every reader finds in them, up to the first that is unclear. Empty lines before a message are none. */
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
    // The connection ends with the answer to HTTP/1.0.
    if (version === '0') return { messages, rest: end === text.length ? 'nothing' : 'malformed' }
    at = end
  }
}
