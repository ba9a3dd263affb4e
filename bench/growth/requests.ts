import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { makeRequest, RawClient } from '../../test/harness/load/raw-client.ts'
import { makeRequests } from '../compare/requests.ts'
import type { Ground } from './dimension.ts'

/** Requests for a run each; the stub knows every run. */
export function runRequest(authorization: string, index: number): Buffer {
  const id = index.toString(16).padStart(32, '0')
  return makeRequest('GET', `/api/2.0/mlflow/runs/get?run_id=${id}`, { authorization })
}

/** A search of models, to which the stub adds so many rows of another environment. */
export function modelSearch(authorization: string, foreign: number): Buffer {
  const filter = encodeURIComponent(`name LIKE 'foreign-${foreign}-%'`)
  return makeRequest('GET', `/api/2.0/mlflow/registered-models/search?max_results=10&filter=${filter}`, { authorization })
}

/** The headers of so many callers of acc. */
export function makeCallers({ issuer }: Ground, count: number): Promise<string[]> {
  const one = async (_: unknown, index: number) => {
    const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
    return `Bearer ${await issuer.token({ oid: id, sub: id })}`
  }
  return Promise.all(Array.from({ length: count }, one))
}

/** Sends each request once over eight connections. Throws Error for an answer other than 200. */
export async function sendAll({ proxy }: Ground, requests: Iterable<Buffer>): Promise<number> {
  const iterator = requests[Symbol.iterator]()
  let sent = 0
  const work = async () => {
    const client = new RawClient(proxy.url)
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      const status = await client.ask(next.value)
      if (status !== 200) throw new Error(`the proxy answered ${status}\n${proxy.logs()}`)
      sent += 1
    }
    client.close()
  }
  await Promise.all(Array.from({ length: 8 }, work))
  return sent
}

/** Begins to download the big artifact, and reads nothing after the first bytes. Throws Error for an answer other than 200. */
export async function startDownload({ proxy }: Ground, authorization: string): Promise<Socket> {
  const { hostname, port } = new URL(proxy.url)
  const socket = connect(Number(port), hostname)
  socket.write(makeRequests(authorization).download)
  const [bytes] = await once(socket, 'data')
  socket.pause()
  const status = String(bytes).slice(9, 12)
  if (status !== '200') throw new Error(`the proxy answered ${status} to a download`)
  return socket
}
