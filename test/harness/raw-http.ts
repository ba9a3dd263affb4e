import { connect } from 'node:net'

/** One answer, as it came over the wire. */
export interface RawAnswer {
  readonly status: number
  /** Names in lower case, in order, with repeats. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

export interface Conversation {
  readonly answers: readonly RawAnswer[]
  /** The server ended the connection before the client did. */
  readonly closed: boolean
  /** Bytes after the last whole answer. */
  readonly surplus: Buffer
}

export interface TalkOptions {
  /** How many answers to wait for; 0 listens until nothing comes any more. */
  readonly expected?: number
  /** Methods of the requests in order, where not all have bodies in their answers: `HEAD` has none. */
  readonly methods?: readonly string[]
  /** Milliseconds without a byte after which an open-ended conversation is over. */
  readonly idleMs?: number
  readonly timeoutMs?: number
}

/** The value of a header, or null. */
export function headerOf({ headers }: RawAnswer, name: string): string | null {
  return headers.find(([key]) => key === name)?.[1] ?? null
}

function readChunks(bytes: Buffer, start: number): { body: Buffer; end: number } | null {
  const parts: Buffer[] = []
  for (let at = start; ; ) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return null
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (bytes.length < line + 2 + size + 2) return null
    if (size === 0) return { body: Buffer.concat(parts), end: line + 4 }
    parts.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}

/** The first answer in the bytes and where it ends; null as long as it is not whole. */
export function readAnswer(bytes: Buffer, method: string, closed: boolean): { answer: RawAnswer; end: number } | null {
  const head = bytes.indexOf('\r\n\r\n')
  if (head < 0) return null
  const [first = '', ...lines] = bytes.toString('latin1', 0, head).split('\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? 0)
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const start = head + 4
  const make = (body: Buffer, end: number) => ({ answer: { status, headers, body }, end })
  if (method === 'HEAD' || status === 204 || status === 304 || (status >= 100 && status < 200))
    return make(Buffer.alloc(0), start)
  const find = (name: string) => headers.find(([key]) => key === name)?.[1]
  if (find('transfer-encoding') === 'chunked') {
    const chunks = readChunks(bytes, start)
    return chunks && make(chunks.body, chunks.end)
  }
  const length = find('content-length')
  if (length === undefined) return closed ? make(bytes.subarray(start), bytes.length) : null
  const end = start + Number(length)
  return bytes.length < end ? null : make(bytes.subarray(start, end), end)
}

function readAnswers(bytes: Buffer, methods: readonly string[], closed: boolean): { answers: RawAnswer[]; surplus: Buffer } {
  const answers: RawAnswer[] = []
  let rest = bytes
  for (;;) {
    const found = readAnswer(rest, methods[answers.length] ?? 'GET', closed)
    if (found === null) return { answers, surplus: rest }
    rest = rest.subarray(found.end)
    if (found.answer.status >= 200) answers.push(found.answer) // an interim answer is not the answer
  }
}

/** Sends bytes on a connection of its own, and reads what comes back. Of several messages each is sent when the one before is answered. */
export function talk(url: string, bytes: string | Buffer | readonly Buffer[], options: TalkOptions = {}): Promise<Conversation> {
  const [first = '', ...later] = Array.isArray(bytes) ? bytes : [bytes]
  const { expected = 1 + later.length, methods = [], idleMs = 250, timeoutMs = 20_000 } = options
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    let received = Buffer.alloc(0)
    let sent = 1
    let idle: NodeJS.Timeout | undefined
    const finish = (closed: boolean) => {
      clearTimeout(idle)
      clearTimeout(limit)
      socket.destroy()
      resolve({ ...readAnswers(received, methods, closed), closed })
    }
    const limit = setTimeout(() => finish(false), timeoutMs)
    const listen = () => {
      clearTimeout(idle)
      // The first answer may take its time on a busy machine.
      const patience = received.length === 0 ? Math.max(idleMs, 2_000) : idleMs
      if (expected === 0) idle = setTimeout(() => finish(false), patience)
    }
    socket.on('connect', listen)
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      listen()
      const answered = readAnswers(received, methods, false).answers.length
      if (expected > 0 && answered >= expected) finish(false)
      for (const next of later.splice(0, sent <= answered ? 1 : 0)) {
        sent += 1
        socket.write(next)
      }
    })
    socket.on('end', () => finish(true))
    socket.on('close', () => finish(true))
    socket.on('error', () => finish(true))
    socket.write(first)
  })
}
