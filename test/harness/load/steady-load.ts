import { RawClient } from './raw-client.ts'

/** What became of some requests. */
interface Load {
  readonly sent: number
  /** Milliseconds from when each was due to its end. */
  readonly took: readonly number[]
  /** Whatever was not a whole answer with status 200. */
  readonly failures: readonly string[]
}

/** Load that goes on until it is stopped. */
interface RunningLoad {
  sent(): number
  /** Milliseconds that the next request to be sent is late. */
  late(): number
  /** Ends when what is under way is answered. */
  stop(): Promise<Load>
}

interface LoadOptions {
  readonly url: string
  /** Bytes of requests that are sent in turn. */
  readonly requests: readonly Buffer[]
  readonly perSecond: number
  readonly clients: number
}

const empty = Buffer.alloc(0)

/**
 * Sends requests at a steady rate by clients that keep one connection each, until it is told to stop. A request that finds no free client is sent
 * late, and what it took counts from when it was due. One timer looks every millisecond for whose turn it is: a timer for each request would cost
 * more than the request.
 */
export function startLoad({ url, requests, perSecond, clients }: LoadOptions): RunningLoad {
  const [failures, took]: [string[], number[]] = [[], []]
  const free = Array.from({ length: clients }, () => new RawClient(url))
  const began = performance.now()
  let [sent, due, underWay] = [0, began, 0]
  let finish: (() => void) | null = null
  const send = (client: RawClient, since: number) => {
    underWay += 1
    client.send(requests[sent++ % requests.length] ?? empty, (status) => {
      took.push(performance.now() - since)
      if (status !== 200) failures.push(`status ${status} after ${Math.round(since - began)} ms`)
      free.push(client)
      underWay -= 1
      if (underWay === 0) finish?.()
    })
  }
  const sendWhatIsDue = () => {
    const now = performance.now()
    for (; due <= now; due += 1_000 / perSecond) {
      const client = free.shift()
      if (client === undefined) return
      send(client, due)
    }
  }
  const timer = setInterval(sendWhatIsDue, 1)
  return {
    sent: () => sent,
    late: () => Math.max(0, performance.now() - due),
    async stop() {
      clearInterval(timer)
      if (underWay > 0) await new Promise<void>((resolve) => (finish = resolve))
      for (const client of free) client.close()
      return { sent, took, failures }
    },
  }
}
