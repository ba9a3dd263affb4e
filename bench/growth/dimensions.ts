import { setTimeout as sleep } from 'node:timers/promises'
import { RawClient } from '../../test/harness/load/raw-client.ts'
import { burst, warmUp } from '../compare/burst.ts'
import { cpuMs, rssMiB } from '../compare/process-cost.ts'
import { makeRequests } from '../compare/requests.ts'
import type { Dimension, Ground, Need } from './dimension.ts'
import { makeCallers, modelSearch, runRequest, sendAll, startDownload } from './requests.ts'

/** The cost of a request that is sent again and again. */
async function costOf({ proxy, seconds }: Ground, request: Buffer, clients = 8, warm = 3_000): Promise<Need> {
  await warmUp([proxy], request, warm)
  const { cpu } = await burst(proxy, request, clients, seconds)
  return { cpu, rss: rssMiB(proxy.pid) }
}

async function costOfAll(ground: Ground, requests: Iterable<Buffer>): Promise<Need> {
  const before = cpuMs(ground.proxy.pid)
  const sent = await sendAll(ground, requests)
  return { cpu: ((cpuMs(ground.proxy.pid) - before) * 1_000) / sent, rss: rssMiB(ground.proxy.pid) }
}

function* times(count: number, make: (index: number) => Buffer): Iterable<Buffer> {
  for (let index = 0; index < count; index++) yield make(index)
}

const answerSize: Dimension = {
  title: 'KB of an answer (runs/search)',
  points: [10, 100, 1_000],
  measure: (size, ground) => costOf(ground, ground.requests.search(String(size)), 2, 3e4 / size),
}

const environments: Dimension = {
  title: 'environments',
  points: [3, 30, 300, 3_000],
  environments: (count) => count,
  measure: (_, ground) => costOf(ground, ground.requests.small),
}

const foreignRows: Dimension = {
  title: 'rows of others in the answer to a search for ten models',
  points: [0, 10, 100, 1_000],
  measure: async (count, ground) => {
    const [authorization = ''] = await makeCallers(ground, 1)
    return costOf(ground, modelSearch(authorization, count), 2, 300)
  },
}

const openConnections: Dimension = {
  title: 'connections that are open and idle',
  points: [1, 10, 100, 1_000],
  async measure(count, ground) {
    const clients = Array.from({ length: count }, () => new RawClient(ground.proxy.url))
    for (const client of clients) await client.ask(ground.requests.small)
    const need = await costOf(ground, ground.requests.small)
    for (const client of clients) client.close()
    return need
  },
}

const streams: Dimension = {
  title: 'downloads under way, each of another caller who reads nothing more',
  points: [1, 4, 16, 64],
  async measure(count, ground) {
    const callers = await makeCallers(ground, count)
    const stalled = await Promise.all(callers.map((caller) => startDownload(ground, caller)))
    await sleep(1_000) // all that is read ahead has been read
    const rss = rssMiB(ground.proxy.pid)
    for (const socket of stalled) socket.destroy()
    return { cpu: null, rss }
  },
}

const cachedIds: Dimension = {
  title: 'runs that were asked for, each once',
  points: [100, 1_000, 10_000, 100_000],
  async measure(count, ground) {
    const [authorization = ''] = await makeCallers(ground, 1)
    return costOfAll(
      ground,
      times(count, (index) => runRequest(authorization, index + 1)),
    )
  },
}

const callers: Dimension = {
  title: 'callers, in turn, each ten times',
  points: [1, 10, 100, 1_000],
  async measure(count, ground) {
    const all = (await makeCallers(ground, count)).map((authorization) => makeRequests(authorization).small)
    await sendAll(
      ground,
      times(Math.max(3_000, count), (index) => all[index % count] ?? ground.requests.small),
    )
    return costOfAll(
      ground,
      times(Math.max(5_000, 10 * count), (index) => all[index % count] ?? ground.requests.small),
    )
  },
}

export const dimensions: Readonly<Record<string, Dimension>> = {
  answerSize,
  environments,
  foreignRows,
  openConnections,
  streams,
  cachedIds,
  callers,
}
