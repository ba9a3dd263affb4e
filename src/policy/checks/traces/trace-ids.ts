import { absent, type EvaluationContext, reads } from '../../evaluation-context.ts'
import { ask, type Evaluation, type ExperimentFact, type TraceFact } from '../../fact-query.ts'
import { textsMeaning } from '../../messages/message-fields.ts'
import { isTraceId, isTraceName, resemblesHexId } from '../../names/ids.ts'
import { Refusal } from '../../reasons.ts'
import { recordTraces } from '../genai/records.ts'
import { isOwn, standIn } from '../runs/owned-ids.ts'
import { isBehindMaker } from '../versions/promotion.ts'
import { pointedTraces } from './trace-tags.ts'

/** The facts about a request's traces, from as few look-ups as possible. */
interface GrantContext {
  readonly traces: ReadonlyMap<string, TraceFact>
  readonly experiments: ReadonlyMap<string, ExperimentFact>
}

/** How often traces that may still be on their way are looked for again. */
const attempts = 12

/** `wanted`: the ids for which the answer must not reveal whether they are absent or foreign. */
function* findTraces(ids: readonly string[], wanted: readonly string[], attempt = 0): Evaluation<GrantContext> {
  const some = [...new Set(ids)].filter(isTraceName)
  if (some.length === 0) return { traces: new Map(), experiments: new Map() }
  const traces = yield* ask({ about: 'traces', ids: some, attempt })
  const places = new Set([...traces.values()].map(({ experimentId }) => experimentId))
  if (wanted.some((id) => isTraceName(id) && !traces.has(id))) places.add(standIn)
  const experiments = places.size === 0 ? new Map() : yield* ask({ about: 'experiments', ids: [...places] })
  return { traces, experiments }
}

/** The same, until all that are wanted are the caller's own: another's are waited for like those that have not arrived. */
function* awaitTraces(context: EvaluationContext, ids: readonly string[], wanted: readonly string[]): Evaluation<GrantContext> {
  const asked = wanted.filter(isTraceName)
  for (let attempt = 0; ; attempt += 1) {
    const found = yield* findTraces(ids, wanted, attempt)
    const complete = asked.every((id) => isOwnTrace(context, found, id))
    if (complete || attempt === attempts || context.endpoint.awaited !== true) return found
  }
}

function isOwnTrace(context: EvaluationContext, { traces, experiments }: GrantContext, id: string): boolean {
  const fact = traces.get(id)
  // A database that folds case finds a trace by another id than its own.
  return fact?.id === id && isOwn(context, experiments.get(fact.experimentId))
}

/** Whether the caller may read a trace that is not theirs: it is of a run behind a version that they may promote. */
function* isBehind(context: EvaluationContext, { traces, experiments }: GrantContext, id: string): Evaluation<boolean> {
  const fact = traces.get(id)
  if (fact?.id !== id) return yield* isBehindMaker(context, undefined, null)
  return yield* isBehindMaker(context, experiments.get(fact.experimentId), fact.sourceRunId)
}

function* isUsable(context: EvaluationContext, found: GrantContext, id: string): Evaluation<boolean> {
  if (isOwnTrace(context, found, id)) return true
  return reads(context.endpoint) && (yield* isBehind(context, found, id))
}

function show({ visibleExperiments, references }: EvaluationContext, { traces }: GrantContext, id: string): void {
  const fact = traces.get(id)
  if (fact !== undefined) visibleExperiments.add(fact.experimentId)
  references.push({ kind: 'trace', logical: id, upstream: id })
}

function notTraceId(): Refusal {
  return new Refusal('invalid-parameter', "A trace id must be 'tr-' and 32 lower-case hexadecimal digits.")
}

/** The id of a trace that is to be: nobody's so far, or the caller's own. MLflow would move another's trace, or put spans into it. */
function checkNewTrace(context: EvaluationContext, found: GrantContext, id: string): void {
  if (found.traces.has(id) && !isOwnTrace(context, found, id)) throw absent.trace(id)
  show(context, found, id)
}

/** A trace that is only pointed at: there may be none, or none yet, but it must not be another's. */
function* checkPointedTrace(context: EvaluationContext, found: GrantContext, id: string): Evaluation<void> {
  if (resemblesHexId(id)) throw notTraceId()
  if (found.traces.has(id) && !isOwnTrace(context, found, id) && !(yield* isBehind(context, found, id))) throw absent.trace(id)
}

/** Ids whose traces are looked up: foreign ones are skipped like absent ones, so that only usable ids are sent. */
function* pickTraces(context: EvaluationContext, found: GrantContext, ids: readonly string[]): Evaluation<void> {
  for (const id of new Set(ids)) {
    if (yield* isUsable(context, found, id)) {
      context.visibleTraces.add(id)
      show(context, found, id)
    } else context.passedOver.add(id)
  }
}

/** One trace that the caller may read, else absent: the artifacts of a trace are judged by it. */
export function* readableTrace(context: EvaluationContext, id: string): Evaluation<TraceFact> {
  const found = yield* findTraces([id], [id])
  const fact = found.traces.get(id)
  if (fact === undefined || !(yield* isUsable(context, found, id))) throw absent.trace(id)
  context.visibleExperiments.add(fact.experimentId)
  return fact
}

/** One trace that is the caller's own, else absent. */
export function* ownTrace(context: EvaluationContext, id: string): Evaluation<void> {
  if (!isOwnTrace(context, yield* findTraces([id], [id]), id)) throw absent.trace(id)
}

/** Static part: new ids can be ids. */
export function checkTraceIds({ endpoint, message }: EvaluationContext): void {
  const made = textsMeaning(endpoint, message, 'newTrace')
  if (!made.every(isTraceName)) throw notTraceId()
}

/** Static part: a deletion names traces or a time, as MLflow wants it. */
export function checkTraceDeletion({ message }: EvaluationContext): void {
  const ids = message.get('request_ids')
  if (!Array.isArray(ids) || ids.length === 0) return
  const both = ['max_timestamp_millis', 'max_traces'].find((name) => message.has(name))
  if (both === 'max_timestamp_millis')
    throw new Refusal('invalid-parameter', 'Only one of `max_timestamp_millis` and `trace_ids` can be specified.')
  if (both !== undefined) throw new Refusal('invalid-parameter', "`max_traces` can't be specified if `trace_ids` is specified.")
}

/** Every trace that a request names. */
export function* checkTraces(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message } = context
  const texts = (meaning: 'trace' | 'newTrace' | 'tracesToSearch') => textsMeaning(endpoint, message, meaning)
  const [subjects, asked] = [texts('trace').filter((id) => id !== ''), texts('tracesToSearch')]
  const made = new Set(texts('newTrace'))
  const linked = textsMeaning(endpoint, message, 'relatedTrace')
  const sources = recordTraces(context)
  const pointed = [...linked, ...pointedTraces(context), ...sources]
  const wanted = [...subjects.filter((id) => !made.has(id)), ...asked]
  const found = yield* awaitTraces(context, [...subjects, ...made, ...asked, ...pointed], wanted)
  for (const id of made) checkNewTrace(context, found, id)
  for (const id of new Set(subjects)) {
    // Inside of a new trace its own id may be said once more.
    if (made.has(id)) continue
    if (!(yield* isUsable(context, found, id))) throw absent.trace(id)
    show(context, found, id)
  }
  yield* pickTraces(context, found, asked)
  for (const id of new Set(pointed)) if (!made.has(id)) yield* checkPointedTrace(context, found, id)
  // The trace of a record exists already.
  const missing = sources.find((id) => isTraceId(id) && !found.traces.has(id))
  if (missing !== undefined) throw absent.trace(missing)
}
