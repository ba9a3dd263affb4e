import { EventEmitter } from 'node:events'
import type { Peer } from '../../src/server/workers/channel.ts'

/** One of two ends that get what the other sends, copied as between processes. */
class End extends EventEmitter {
  other: End | null = null

  send(message: object, handle: unknown): boolean {
    const copy = structuredClone(message)
    setImmediate(() => this.other?.emit('message', copy, handle))
    return true
  }
}

/** The two ends of a channel between processes, and the end of one of these. */
export function makePeers(): { readonly primary: Peer; readonly worker: Peer; readonly end: () => void } {
  const [primary, worker] = [new End(), new End()]
  primary.other = worker
  worker.other = primary
  const end = () => {
    primary.other = null
    worker.other = null
    primary.emit('disconnect')
  }
  return { primary, worker, end }
}
