import { connect, type Socket } from 'node:net'
import { AnswerReader } from './answer-reader.ts'

/** What became of a request; the status is 0 where the connection broke. */
export type Answered = (status: number, bytes: number) => void

const read = Buffer.allocUnsafe(256 * 1024) // one for all connections: nothing of it is kept

/** The bytes of a request. */
export function makeRequest(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = '',
): Buffer {
  const length = body.length > 0 || method !== 'GET' ? { 'content-length': String(Buffer.byteLength(body)) } : {}
  const lines = Object.entries({ host: 'localhost', ...length, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), Buffer.from(body)])
}

/**
 * A client with one kept connection that costs as little as it can: requests are ready bytes and go out in one write, answers are only followed
 * to their ends. One request at a time. A broken connection is replaced with the next request.
 */
export class RawClient {
  readonly #port: number
  readonly #host: string
  readonly #reader = new AnswerReader()
  #socket: Socket | null = null
  #answered: Answered | null = null

  constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.#host = hostname
    this.#port = Number(port)
  }

  #connect(): Socket {
    const take = (count: number, bytes: Uint8Array) => {
      if (this.#reader.push(Buffer.from(bytes.buffer, bytes.byteOffset, count))) this.#end(this.#reader.status)
      return true
    }
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true, onread: { buffer: read, callback: take } })
    const close = () => {
      if (this.#socket === socket) this.#socket = null
      if (this.#socket === null) this.#end(0)
    }
    return socket.on('error', close).on('close', close)
  }

  #end(status: number): void {
    const answered = this.#answered
    this.#answered = null
    answered?.(status, this.#reader.bytes)
  }

  /** Sends the bytes of a request. */
  send(request: Buffer, answered: Answered): void {
    this.#answered = answered
    this.#socket ??= this.#connect()
    this.#socket.write(request)
  }

  /** Sends a request, and gives its status. */
  ask(request: Buffer): Promise<number> {
    return new Promise((resolve) => this.send(request, resolve))
  }

  /** Sends a request whose body is a block that comes so many times; gives the status. */
  upload(head: Buffer, block: Buffer, times: number): Promise<number> {
    const status = this.ask(head)
    let left = times
    const go = () => {
      while (left-- > 0 && this.#answered !== null) {
        if (this.#socket?.write(block) === false) return void this.#socket.once('drain', go)
      }
    }
    go()
    return status
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = null
  }
}
