import { connect, type Socket } from 'node:net'
import { type RawAnswer, readAnswer } from '../test/harness/raw-http.ts'

/** What came of a request. */
export type Reception = { readonly answer: RawAnswer } | { readonly lost: 'closed' | 'late' } | { readonly surplus: Buffer }

/** A client that keeps one connection, and opens another where the server ended it. */
export class WireClient {
  readonly #port: number
  readonly #patience: number
  #socket: Socket | null = null

  /** `patience`: milliseconds for a whole answer. */
  constructor(url: string, patience: number) {
    this.#port = Number(new URL(url).port)
    this.#patience = patience
  }

  #connection(): Socket {
    if (this.#socket === null || this.#socket.destroyed || !this.#socket.writable) {
      const socket = connect(this.#port, '127.0.0.1')
      socket.on('error', () => undefined)
      this.#socket = socket
    }
    return this.#socket
  }

  /** Sends a request and waits for its answer. */
  send(bytes: Buffer, method: string): Promise<Reception> {
    const socket = this.#connection()
    return new Promise((resolve) => {
      let received = Buffer.alloc(0)
      const finish = (reception: Reception, keep: boolean) => {
        clearTimeout(limit)
        socket.off('data', hear).off('close', gone)
        if (!keep) socket.destroy()
        resolve(reception)
      }
      const hear = (chunk: Buffer) => {
        received = Buffer.concat([received, chunk])
        for (;;) {
          const found = readAnswer(received, method, false)
          if (found === null) return
          const rest = received.subarray(found.end)
          received = rest
          if (found.answer.status < 200) continue
          if (rest.length > 0) return finish({ surplus: rest }, false)
          return finish({ answer: found.answer }, !endsConnection(found.answer))
        }
      }
      const gone = () => {
        const found = readAnswer(received, method, true)
        finish(found === null ? { lost: 'closed' } : { answer: found.answer }, false)
      }
      const limit = setTimeout(() => finish({ lost: 'late' }, false), this.#patience)
      socket.on('data', hear)
      socket.once('close', gone)
      socket.write(bytes)
    })
  }

  /** Sends the beginning of a request on a connection of its own, and goes away: by a reset, or as an orderly end. */
  abort(bytes: Buffer, reset: boolean, lingerMs: number): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, '127.0.0.1', () => {
        socket.write(bytes, () => setTimeout(() => (reset ? socket.resetAndDestroy() : socket.destroy()), lingerMs))
      })
      socket.on('error', () => undefined)
      socket.once('close', () => resolve())
    })
  }

  close(): void {
    this.#socket?.destroy()
  }
}

function endsConnection({ headers }: RawAnswer): boolean {
  return headers.some(([name, value]) => name === 'connection' && value.toLowerCase() === 'close')
}
