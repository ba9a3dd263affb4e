import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** What became of some requests. */
export interface Load {
  readonly sent: number
  readonly took: readonly number[]
  /** Whatever was not a whole answer with status 200. */
  readonly failures: readonly string[]
}

export interface LoadOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Addresses that are asked for in turn. */
  readonly paths: readonly string[]
  readonly perSecond: number
  readonly clients: number
}

function ask(url: string, headers: Readonly<Record<string, string>>, agent: Agent): Promise<string | null> {
  return new Promise((resolve) => {
    const asked = request(url, { agent, headers }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode === 200 ? null : `status ${answer.statusCode}`))
      answer.once('error', (error) => resolve(String(error)))
    })
    asked.once('error', (error) => resolve(String(error))).end()
  })
}

/**
 * Sends requests at a steady rate by clients that keep one connection each; what a busy machine does not manage is not made up for. Stops
 * when it is told to.
 */
export function startLoad({ url, headers, paths, perSecond, clients }: LoadOptions): { stop(): Promise<Load> } {
  const [failures, took]: [string[], number[]] = [[], []]
  let sent = 0
  let over = false
  const began = performance.now()
  const every = (clients * 1_000) / perSecond
  const work = async (_: unknown, index: number) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let due = began + (index * every) / clients; !over; due = Math.max(due + every, performance.now())) {
      await sleep(Math.max(0, due - performance.now()))
      const started = performance.now()
      const failure = await ask(url + paths[sent++ % paths.length], headers, agent)
      took.push(performance.now() - started)
      if (failure !== null) failures.push(`${failure} after ${Math.round(started - began)} ms`)
    }
    agent.destroy()
  }
  const working = Array.from({ length: clients }, work)
  return {
    async stop() {
      over = true
      await Promise.all(working)
      return { sent, took, failures }
    },
  }
}

/** The value below which a share of some numbers lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
