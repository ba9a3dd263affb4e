import type { LRUCache } from 'lru-cache'
import type { TraceFact } from '../../policy/fact-query.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import type { EnvironmentCache } from './environment-cache.ts'
import { isUnserved, readFound, readFoundIfServed, readTraceInfo, readTraceRow } from './look-up-answers.ts'

/** How many traces one look-up may contain. */
const batch = 100

/** Looks up traces: one by its id, or several together if the server can. */
export class TraceLookups {
  readonly #upstream: Upstream
  readonly #caller: CallerCredentials
  readonly #environmentCache: EnvironmentCache
  readonly #known: LRUCache<string, TraceFact>

  constructor(
    upstream: Upstream,
    caller: CallerCredentials,
    environmentCache: EnvironmentCache,
    known: LRUCache<string, TraceFact>,
  ) {
    this.#upstream = upstream
    this.#caller = caller
    this.#environmentCache = environmentCache
    this.#known = known
  }

  /** The facts by id. That a trace does not exist is never cached. */
  async find(ids: readonly string[]): Promise<ReadonlyMap<string, TraceFact>> {
    const facts = new Map<string, TraceFact>()
    const unknown: string[] = []
    for (const id of ids) {
      const fact = this.#environmentCache.get(this.#known, id)
      if (fact === undefined) unknown.push(id)
      else facts.set(id, fact)
    }
    for (let at = 0; at < unknown.length; at += batch) {
      const some = unknown.slice(at, at + batch)
      for (const [id, fact] of await this.#several(some)) {
        facts.set(id, fact)
        if (fact.id === id) this.#environmentCache.note(this.#known, id, fact, [fact.experimentId])
      }
    }
    return facts
  }

  async #several(ids: readonly string[]): Promise<ReadonlyMap<string, TraceFact>> {
    const found = ids.length === 1 ? null : await this.#together(ids)
    if (found === null) return new Map(await this.#oneByOne(ids))
    // A database that folds case finds a trace by another spelling of its id, so that is accepted too.
    const rows = new Map(found.map((fact) => [fact.id.toLowerCase(), fact]))
    return new Map(
      ids.flatMap((id) => {
        const fact = found.find((row) => row.id === id) ?? rows.get(id.toLowerCase())
        return fact === undefined ? [] : [[id, fact]]
      }),
    )
  }

  /** Null if the server is too old for it. */
  async #together(ids: readonly string[]): Promise<TraceFact[] | null> {
    const answer = await this.#upstream.lookUpTraces(ids, this.#caller)
    if (answer.status === 404 || answer.status === 405) return null
    const rows = readFound(answer)?.get('trace_infos')
    return Array.isArray(rows) ? rows.flatMap((row) => readTraceRow(row) ?? []) : []
  }

  async #oneByOne(ids: readonly string[]): Promise<[string, TraceFact][]> {
    const facts: [string, TraceFact][] = []
    const queue = [...ids]
    const work = async () => {
      for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
        const fact = await this.#one(encodeURIComponent(id))
        if (fact !== null) facts.push([id, fact])
      }
    }
    await Promise.all(Array.from({ length: Math.min(8, ids.length) }, work))
    return facts
  }

  /** In a workspace only the newer API knows every trace; an open-source server may have only the older one. */
  async #one(id: string): Promise<TraceFact | null> {
    if (this.#upstream.kind === 'databricks') {
      const answer = await this.#upstream.lookUp(`/api/3.0/mlflow/traces/${id}`, {}, this.#caller)
      if (!isUnserved(answer)) return readWorkspaceTrace(readFound(answer))
    }
    const found = readFoundIfServed(await this.#upstream.lookUp(`/api/2.0/mlflow/traces/${id}/info`, {}, this.#caller))
    return found === null ? null : readTraceInfo(found)
  }
}

function readWorkspaceTrace(found: JsonObject | null): TraceFact | null {
  if (found === null) return null
  const trace = found.get('trace')
  return readTraceRow((trace instanceof Map ? trace.get('trace_info') : undefined) ?? null)
}
