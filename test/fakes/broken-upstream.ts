import { once } from 'node:events'
import { request as forward } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { listen } from '../harness/listen.ts'

/** One request, as it came over the wire. */
interface Heard {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A request that came whole, and what can be done about it. */
export interface Exchange {
  readonly heard: Heard
  readonly socket: Socket
  /** Has the server behind carry it out; gives the bytes of the answer. */
  carryOut(): Promise<Buffer>
}

/** What happens to a request in place of an answer. */
export type Fault = (exchange: Exchange) => unknown

/** A change that was carried out. */
interface Written extends Heard {
  readonly id: number
}

/** A server that breaks on purpose, before one that works. */
export interface BrokenUpstream {
  readonly url: string
  /** Says what happens to a request; null for what should. */
  fault: (heard: Heard) => Fault | null
  /** Sees the bytes of a request as they come; true: the connection was dealt with. Null: it is read whole. */
  receive: ((socket: Socket, bytes: number) => boolean) | null
  /** Every request that is no GET or HEAD and that was carried out, in order. */
  readonly ledger: Written[]
  /** Connections that are open. */
  connections(): number
  /** Refuses connections, and breaks those that are open, as while a server is restarted. */
  goDown(): Promise<void>
  comeBack(): Promise<void>
  close(): Promise<void>
}

function readHead(bytes: Buffer): { heard: Omit<Heard, 'body'>; end: number } | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const [method = '', path = ''] = first.split(' ')
  const pairs = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ])
  return { heard: { method, path, headers: Object.fromEntries(pairs) }, end: end + 4 }
}

/** The request in some bytes, once it is whole. */
function readRequest(bytes: Buffer): Heard | null {
  const head = readHead(bytes)
  if (head === null) return null
  const { heard, end } = head
  if (heard.headers['transfer-encoding'] === 'chunked') {
    return bytes.subarray(-5).toString('latin1') === '0\r\n\r\n' ? { ...heard, body: unchunk(bytes.subarray(end)) } : null
  }
  const length = Number(heard.headers['content-length'] ?? 0)
  return bytes.length < end + length ? null : { ...heard, body: bytes.subarray(end, end + length) }
}

function unchunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}

/** The bytes of an HTTP answer. */
export function answerBytes(status: number, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Buffer {
  const content = Buffer.from(body)
  const lines = Object.entries({ 'content-type': 'application/json', 'content-length': String(content.length), ...headers })
  const head = [`HTTP/1.1 ${status} X`, ...lines.map(([name, value]) => `${name}: ${value}`), 'connection: close', '', '']
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), content])
}

function ask(target: string, { method, path, headers, body }: Heard): Promise<Buffer> {
  const { 'transfer-encoding': _, connection: __, ...kept } = headers
  const length = body.length > 0 ? { 'content-length': String(body.length) } : {}
  const { hostname, port } = new URL(target)
  return new Promise((resolve, reject) => {
    const asked = forward({ hostname, port, path, method, headers: { ...kept, ...length }, agent: false }, async (answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of answer) chunks.push(chunk)
      const type = { 'content-type': answer.headers['content-type'] ?? 'application/octet-stream' }
      resolve(answerBytes(answer.statusCode ?? 500, Buffer.concat(chunks), type))
    })
    asked.once('error', reject)
    asked.end(body)
  })
}

/** Starts it on a free port of this machine, before the server at `target`. Until it is told otherwise, nothing breaks. */
export async function startBrokenUpstream(target: string): Promise<BrokenUpstream> {
  const sockets = new Set<Socket>()
  const ledger: Written[] = []
  const carryOut = async (heard: Heard) => {
    const answer = await ask(target, heard)
    if (heard.method !== 'GET' && heard.method !== 'HEAD') ledger.push({ ...heard, id: ledger.length + 1 })
    return answer
  }
  const serve = (socket: Socket) => {
    let received = Buffer.alloc(0)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (broken.receive?.(socket, received.length)) return
      const heard = readRequest(received)
      if (heard === null) return
      received = Buffer.alloc(0)
      const fault = broken.fault(heard) ?? passOn
      void Promise.resolve(fault({ heard, socket, carryOut: () => carryOut(heard) })).catch(() => socket.destroy())
    })
  }
  let server: Server = createServer(serve)
  const comeBack = (at?: number) => {
    server = createServer(serve)
    return listen(server, at)
  }
  const port = await comeBack()
  const goDown = async () => {
    server.close()
    for (const socket of sockets) socket.resetAndDestroy()
    await once(server, 'close')
  }
  const broken: BrokenUpstream = {
    url: `http://127.0.0.1:${port}`,
    fault: () => null,
    receive: null,
    ledger,
    connections: () => sockets.size,
    goDown,
    comeBack: async () => void (await comeBack(port)),
    close: goDown,
  }
  return broken
}

const passOn: Fault = async ({ socket, carryOut }) => socket.end(await carryOut())
