import type { Socket } from 'node:net'
import { Counter, type Registry } from '@prometheus-io/client'
import type { AuditRecord } from './audit-record.ts'

type Connection = Pick<Socket, 'bytesRead' | 'bytesWritten'>

interface Bytes {
  received: number
  sent: number
}

interface Uses {
  hit: number
  miss: number
}

/** Called when something is looked for in a cache, with the cache's name, and whether it was there. */
export type NoteCache = (cache: string, hit: boolean) => void

interface Sums {
  readonly name: string
  readonly help: string
  readonly labelNames: [string, string]
}

/** A counter of sums by two labels: the keys of a map, and those of its values. */
function exposeSums(registry: Registry, sums: ReadonlyMap<string, Bytes | Uses>, { name, help, labelNames }: Sums): void {
  const [by, and] = labelNames
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset()
      for (const [key, values] of sums)
        for (const [each, sum] of Object.entries(values)) this.inc({ [by]: key, [and]: each }, sum)
    },
  })
}

/** What is added up with every request as plain numbers, and becomes metrics when they are read. */
export class TrafficMetrics {
  /** What has been counted of each connection, which carries many requests. */
  readonly #counted = new WeakMap<Connection, Bytes>()
  readonly #bytes = new Map<string, Bytes>()
  readonly #caches = new Map<string, Uses>()

  constructor(registry: Registry) {
    exposeSums(registry, this.#bytes, {
      name: 'mlflow_env_proxy_bytes_total',
      help: "Bytes of callers' connections by environment and direction: received or sent, headers among them; over TLS what it carries.",
      labelNames: ['environment', 'direction'],
    })
    exposeSums(registry, this.#caches, {
      name: 'mlflow_env_proxy_cache_lookups_total',
      help: "What was looked for in the proxy's caches, by cache (tokens, and what is known of MLflow) and result: hit or miss.",
      labelNames: ['cache', 'result'],
    })
  }

  /** Adds what a connection carried since its last request ended. */
  noteBytes(connection: Connection, { environment }: Pick<AuditRecord, 'environment'>): void {
    const name = environment?.name ?? ''
    const sums = this.#bytes.get(name) ?? { received: 0, sent: 0 }
    const counted = this.#counted.get(connection) ?? { received: 0, sent: 0 }
    const { bytesRead, bytesWritten } = connection
    sums.received += bytesRead - counted.received
    sums.sent += bytesWritten - counted.sent
    this.#bytes.set(name, sums)
    this.#counted.set(connection, { received: bytesRead, sent: bytesWritten })
  }

  /** Counts a look into a cache. */
  readonly noteCache: NoteCache = (cache, hit) => {
    const uses = this.#caches.get(cache) ?? { hit: 0, miss: 0 }
    uses[hit ? 'hit' : 'miss'] += 1
    this.#caches.set(cache, uses)
  }
}
