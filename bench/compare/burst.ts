import { median, quantile } from '../../test/harness/load/quantile.ts'
import { RawClient } from '../../test/harness/load/raw-client.ts'
import type { Contender } from './contender.ts'
import { cpuMs } from './process-cost.ts'

/** Requests that some clients sent for a while, each as soon as its last one was answered. */
export interface Burst {
  readonly perSecond: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  readonly most: number
  /** Microseconds of the contender's CPU for each request; 0 where there is none in between. */
  readonly cpu: number
}

function check({ name, logs }: Contender, request: Buffer, status: number): void {
  if (status === 200) return
  throw new Error(`${name} answered ${status} to ${request.toString('latin1', 0, 80)}\n${logs()}`)
}

/** V8 makes its best code of what the proxy runs for one request within some thousand of them; until then one costs up to twice as much. */
const warm = 20_000

/** Sends a request so often that what compiles its code while it runs has done so. */
export async function warmUp(contenders: readonly Contender[], request: Buffer, times = warm): Promise<void> {
  for (const contender of contenders) {
    const clients = Array.from({ length: 8 }, () => new RawClient(contender.url))
    const work = async (client: RawClient) => {
      for (let sent = 0; sent < times; sent += clients.length) check(contender, request, await client.ask(request))
      client.close()
    }
    await Promise.all(clients.map(work))
  }
}

/** Sends the same request for some seconds; connections and caches are warm. An answer other than 200 ends it all. */
export async function burst(contender: Contender, request: Buffer, clients: number, seconds: number): Promise<Burst> {
  const all = Array.from({ length: clients }, () => new RawClient(contender.url))
  for (const status of await Promise.all(all.map((client) => client.ask(request)))) check(contender, request, status)
  const took: number[] = []
  const cpu = () => (contender.pid === null ? 0 : cpuMs(contender.pid))
  const [cpuBefore, began] = [cpu(), performance.now()]
  const end = began + seconds * 1_000
  const work = (client: RawClient) =>
    new Promise<void>((resolve, reject) => {
      let started = began
      const answered = (status: number) => {
        const now = performance.now()
        took.push((now - started) * 1_000)
        if (status !== 200) return void reject(new Error(`${contender.name} answered ${status}`))
        if (now >= end) return void resolve()
        started = now
        client.send(request, answered)
      }
      client.send(request, answered)
    })
  await Promise.all(all.map(work)).finally(() => {
    for (const client of all) client.close()
  })
  return {
    perSecond: (took.length * 1_000) / (performance.now() - began),
    p50: median(took),
    p99: quantile(took, 0.99),
    most: quantile(took, 1),
    cpu: ((cpu() - cpuBefore) * 1_000) / took.length,
  }
}
