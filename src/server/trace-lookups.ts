import { setTimeout as sleep } from 'node:timers/promises'
import type { LRUCache } from 'lru-cache'
import type { TraceFact } from '../policy/questions.ts'
import { readFound, readFoundIfServed, readTraceInfo, readTraceRow } from './lookups.ts'
import type { Upstream } from './upstream.ts'
import type { CallerCredentials } from './upstream-credentials.ts'

/** Milliseconds: clients of MLflow send what they traced every 5 seconds. */
const patience = { whole: 6_000, step: 500 } as const
/** How many traces are asked for at once. */
const batch = 100

/** Finds out where traces are: one by its id, several together where the server can. */
export class TraceLookups {
  readonly #upstream: Upstream
  readonly #caller: CallerCredentials
  readonly #known: LRUCache<string, TraceFact>

  constructor(upstream: Upstream, caller: CallerCredentials, known: LRUCache<string, TraceFact>) {
    this.#upstream = upstream
    this.#caller = caller
    this.#known = known
  }

  /** The facts by the ids that were asked for. `awaited`: those that are missing are asked for again, until they should have arrived. */
  async find(ids: readonly string[], awaited: boolean): Promise<ReadonlyMap<string, TraceFact>> {
    const until = performance.now() + (awaited ? patience.whole : 0)
    for (;;) {
      const facts = await this.#find(ids)
      if (facts.size >= new Set(ids).size || performance.now() >= until) return facts
      await sleep(patience.step)
    }
  }

  /** That a trace is absent is never remembered. */
  async #find(ids: readonly string[]): Promise<ReadonlyMap<string, TraceFact>> {
    const facts = new Map<string, TraceFact>()
    const unknown: string[] = []
    for (const id of ids) {
      const fact = this.#known.get(id)
      if (fact === undefined) unknown.push(id)
      else facts.set(id, fact)
    }
    for (let at = 0; at < unknown.length; at += batch) {
      const some = unknown.slice(at, at + batch)
      for (const [id, fact] of await this.#several(some)) {
        facts.set(id, fact)
        if (fact.id === id) this.#known.set(id, fact)
      }
    }
    return facts
  }

  async #several(ids: readonly string[]): Promise<ReadonlyMap<string, TraceFact>> {
    const found = ids.length === 1 ? null : await this.#together(ids)
    if (found === null) return new Map(await this.#oneByOne(ids))
    // A database that folds case finds a trace by another spelling of its id: that one is taken, too.
    const rows = new Map(found.map((fact) => [fact.id.toLowerCase(), fact]))
    return new Map(
      ids.flatMap((id) => {
        const fact = found.find((row) => row.id === id) ?? rows.get(id.toLowerCase())
        return fact === undefined ? [] : [[id, fact]]
      }),
    )
  }

  /** Null where the server is too old for it. */
  async #together(ids: readonly string[]): Promise<TraceFact[] | null> {
    const answer = await this.#upstream.lookUpTraces(ids, this.#caller)
    if (answer.status === 404 || answer.status === 405) return null
    const rows = readFound(answer)?.get('trace_infos')
    return Array.isArray(rows) ? rows.map(readTraceRow) : []
  }

  async #oneByOne(ids: readonly string[]): Promise<[string, TraceFact][]> {
    const facts: [string, TraceFact][] = []
    const queue = [...ids]
    const work = async () => {
      for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
        const path = `/api/2.0/mlflow/traces/${encodeURIComponent(id)}/info`
        const found = readFoundIfServed(await this.#upstream.lookUp(path, {}, this.#caller))
        if (found !== null) facts.push([id, readTraceInfo(found)])
      }
    }
    await Promise.all(Array.from({ length: Math.min(8, ids.length) }, work))
    return facts
  }
}
