import { RawClient } from './raw-client.ts'

/** What became of some requests. */
export interface Load {
  readonly sent: number
  /** Milliseconds that each took. */
  readonly took: readonly number[]
  /** Whatever was not a whole answer with status 200. */
  readonly failures: readonly string[]
}

export interface LoadOptions {
  readonly url: string
  /** Bytes of requests that are sent in turn. */
  readonly requests: readonly Buffer[]
  readonly perSecond: number
  readonly clients: number
}

const empty = Buffer.alloc(0)

/**
 * Sends requests at a steady rate by clients that keep one connection each; what a busy machine does not manage is not made up for. Stops
 * when it is told to. One timer looks every millisecond for whose turn it is: a timer for each request would cost more than the request.
 */
export function startLoad({ url, requests, perSecond, clients }: LoadOptions): { sent(): number; stop(): Promise<Load> } {
  const [failures, took]: [string[], number[]] = [[], []]
  const free = Array.from({ length: clients }, () => new RawClient(url))
  const began = performance.now()
  let [sent, due, underWay] = [0, began, 0]
  let finish: (() => void) | null = null
  const send = (client: RawClient) => {
    const started = performance.now()
    underWay += 1
    client.send(requests[sent++ % requests.length] ?? empty, (status) => {
      took.push(performance.now() - started)
      if (status !== 200) failures.push(`status ${status} after ${Math.round(started - began)} ms`)
      free.push(client)
      underWay -= 1
      if (underWay === 0) finish?.()
    })
  }
  const timer = setInterval(() => {
    const now = performance.now()
    for (; due <= now; due += 1_000 / perSecond) {
      const client = free.shift()
      if (client === undefined) {
        due = now // all are waiting
        break
      }
      send(client)
    }
  }, 1)
  return {
    sent: () => sent,
    async stop() {
      clearInterval(timer)
      if (underWay > 0) await new Promise<void>((resolve) => (finish = resolve))
      for (const client of free) client.close()
      return { sent, took, failures }
    },
  }
}
