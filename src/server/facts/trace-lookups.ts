import type { TraceFact } from '../../policy/fact-query.ts'
import { isUnserved, readFound, readFoundIfServed, readTraceInfo, readTraceRow } from './look-up-answers.ts'
import type { LookUps } from './look-ups.ts'
import { mapAtOnce } from './map-at-once.ts'

/** How many traces one look-up may contain. */
const batch = 100

/** In a workspace only the newer API knows every trace; an open-source server may have only the older one. */
async function findOne(lookUps: LookUps, id: string): Promise<TraceFact | null> {
  const path = encodeURIComponent(id)
  if (lookUps.upstream.kind === 'databricks') {
    const answer = await lookUps.ask(`/api/3.0/mlflow/traces/${path}`)
    if (!isUnserved(answer)) {
      const found = readFound(answer)
      const trace = found?.get('trace')
      return found === null ? null : readTraceRow((trace instanceof Map ? trace.get('trace_info') : undefined) ?? null)
    }
  }
  const found = await lookUps.find(`/api/2.0/mlflow/traces/${path}/info`, {}, readFoundIfServed)
  return found === null ? null : readTraceInfo(found)
}

/** Null if the server is too old for it. */
async function findTogether(lookUps: LookUps, ids: readonly string[]): Promise<TraceFact[] | null> {
  const answer = await lookUps.upstream.lookUpTraces(ids, lookUps.caller)
  if (answer.status === 404 || answer.status === 405) return null
  const rows = readFound(answer)?.get('trace_infos')
  return Array.isArray(rows) ? rows.flatMap((row) => readTraceRow(row) ?? []) : []
}

async function findBatch(lookUps: LookUps, ids: readonly string[]): Promise<readonly (TraceFact | null)[]> {
  const found = ids.length === 1 ? null : await findTogether(lookUps, ids)
  if (found === null) return mapAtOnce(ids, (id) => findOne(lookUps, id))
  // A database that folds case finds a trace by another spelling of its id, so that is accepted too.
  const rows = new Map(found.map((fact) => [fact.id.toLowerCase(), fact]))
  return ids.map((id) => found.find((row) => row.id === id) ?? rows.get(id.toLowerCase()) ?? null)
}

/** Looks up traces: one by its id, or several together if the server can. That a trace does not exist is never cached. */
export async function findTraces(lookUps: LookUps, ids: readonly string[]): Promise<ReadonlyMap<string, TraceFact>> {
  const { environmentCache, memory } = lookUps
  const facts = new Map<string, TraceFact>()
  const unknown: string[] = []
  for (const id of ids) {
    const fact = environmentCache.get(memory.traces, id)
    if (fact === undefined) unknown.push(id)
    else facts.set(id, fact)
  }
  for (let at = 0; at < unknown.length; at += batch) {
    const some = unknown.slice(at, at + batch)
    for (const [index, fact] of (await findBatch(lookUps, some)).entries()) {
      const id = some[index]
      if (fact === null || id === undefined) continue
      facts.set(id, fact)
      if (fact.id === id) environmentCache.note(memory.traces, id, fact, [fact.experimentId])
    }
  }
  return facts
}
