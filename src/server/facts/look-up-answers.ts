import { pendingAliasTag, pendingStageTag } from '../../policy/checks/request/tags.ts'
import { tagPairs } from '../../policy/checks/traces/trace-tags.ts'
import type { Stage } from '../../policy/environments/environment.ts'
import { stages } from '../../policy/environments/environment.ts'
import type { ExperimentFact, LoggedModelFact, RunFact, TraceFact, VersionFact } from '../../policy/fact-query.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { ownText } from '../../policy/names/own-text.ts'
import { promotionRequestTag } from '../../policy/promotions/promotion-tags.ts'
import { Refusal } from '../../policy/reasons.ts'
import { withoutWorkspace } from '../../rewrite/client-location.ts'
import { parseAnswer, unknownAnswer } from '../upstream/parse-answer.ts'
import { Throttled } from '../upstream/throttled.ts'
import { Unavailable } from '../upstream/unavailable.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'

/** The object in an answer, or null if MLflow reports that it does not exist. */
export function readFound(answer: UpstreamAnswer): JsonObject | null {
  if (answer.status === 429) throw new Throttled(answer.retryAfter ?? 1)
  if (answer.status >= 500)
    throw new Unavailable('MLflow failed on a look-up of the proxy. Try again shortly.', answer.retryAfter)
  const value = parseAnswer(answer)
  if (answer.status === 200) return value
  const code = value.get('error_code')
  // For a thing in a Databricks workspace that these credentials may not see.
  if (answer.status === 403 && code === 'PERMISSION_DENIED') return null
  if (answer.status === 404 || code === 'RESOURCE_DOES_NOT_EXIST' || code === 'INVALID_PARAMETER_VALUE') return null
  if (answer.status === 401 || answer.status === 403) {
    throw new Refusal('upstream-refused', 'MLflow refuses the credentials of the proxy. Tell the operators of the proxy.')
  }
  throw unknownAnswer()
}

/** The same for a kind that old servers do not have at all, which have no route for it. */
export function readFoundIfServed(answer: UpstreamAnswer): JsonObject | null {
  return answer.status === 404 && !answer.contentType.includes('json') ? null : readFound(answer)
}

/** Whether a workspace lacks the endpoint, rather than the requested thing. */
export function isUnserved(answer: UpstreamAnswer): boolean {
  if (answer.status !== 404) return false
  return !answer.contentType.includes('json') || parseAnswer(answer).get('error_code') === 'ENDPOINT_NOT_FOUND'
}

/** A text of an object; null if it is missing or empty. */
export function textIn(object: Json | undefined, key: string): string | null {
  const value = object instanceof Map ? object.get(key) : undefined
  return typeof value === 'string' && value !== '' ? value : null
}

function text(object: JsonObject, key: string): string {
  const value = object.get(key)
  if (typeof value !== 'string') throw unknownAnswer()
  return ownText(value)
}

function object(value: Json | undefined): JsonObject {
  if (value instanceof Map) return value
  throw unknownAnswer()
}

function optional(object: JsonObject, key: string): string | null {
  const value = object.get(key)
  return typeof value === 'string' && value !== '' ? ownText(value) : null
}

export function readExperiment(found: JsonObject): ExperimentFact {
  const experiment = object(found.get('experiment'))
  return { id: text(experiment, 'experiment_id'), name: text(experiment, 'name') }
}

export function readRun(found: JsonObject): RunFact {
  const info = object(object(found.get('run')).get('info'))
  return {
    id: text(info, 'run_id'),
    experimentId: text(info, 'experiment_id'),
    artifactUri: withoutWorkspace(optional(info, 'artifact_uri') ?? ''),
  }
}

export function readLoggedModel(found: JsonObject): LoggedModelFact {
  const info = object(object(found.get('model')).get('info'))
  return {
    id: text(info, 'model_id'),
    experimentId: text(info, 'experiment_id'),
    sourceRunId: optional(info, 'source_run_id'),
    artifactUri: withoutWorkspace(optional(info, 'artifact_uri') ?? ''),
  }
}

function sourceRun(metadata: Json | undefined): string | null {
  const found = (metadata instanceof Map ? [...metadata] : tagPairs(metadata ?? null)).find(([key]) => key === 'mlflow.sourceRun')
  return typeof found?.[1] === 'string' && found[1] !== '' ? ownText(found[1]) : null
}

/** For a trace known only by its id. */
export function readTraceInfo(found: JsonObject): TraceFact {
  const info = object(found.get('trace_info'))
  const [id, experimentId] = [text(info, 'request_id'), text(info, 'experiment_id')]
  return { id, experimentId, sourceRunId: sourceRun(info.get('request_metadata')) }
}

/** In the form of MLflow 3; null for a trace in a table, which has no experiment. */
export function readTraceRow(row: Json): TraceFact | null {
  const info = object(row)
  const location = object(info.get('trace_location'))
  if (!location.has('mlflow_experiment')) return null
  const place = object(location.get('mlflow_experiment'))
  const [id, experimentId] = [text(info, 'trace_id'), text(place, 'experiment_id')]
  return { id, experimentId, sourceRunId: sourceRun(info.get('trace_metadata')) }
}

function stageOf(value: string | null): Stage | null {
  return stages.find((stage) => stage === value) ?? null
}

function noteIn(tags: Json | undefined, key: string): string | null {
  const note = Array.isArray(tags) ? tags.find((tag) => tag instanceof Map && tag.get('key') === key) : undefined
  return note instanceof Map ? optional(note, 'value') : null
}

/** Only for versions in Unity Catalog; other kinds of server also return aliases, which have no effect there. */
function readAliases(version: JsonObject): Pick<VersionFact, 'aliases' | 'pendingAlias'> {
  const aliases = version.get('aliases')
  const pendingAlias = noteIn(version.get('tags'), pendingAliasTag)
  const texts = Array.isArray(aliases) ? aliases.flatMap((alias) => (typeof alias === 'string' ? [ownText(alias)] : [])) : []
  return { ...(texts.length > 0 ? { aliases: texts } : {}), ...(pendingAlias === null ? {} : { pendingAlias }) }
}

export function readVersion(row: Json | undefined): VersionFact {
  const version = object(row)
  return {
    name: text(version, 'name'),
    version: text(version, 'version'),
    stage: stageOf(optional(version, 'current_stage')) ?? 'None',
    source: withoutWorkspace(optional(version, 'source') ?? ''),
    runId: optional(version, 'run_id'),
    pendingStage: stageOf(noteIn(version.get('tags'), pendingStageTag)),
    ...readAliases(version),
    ...(noteIn(version.get('tags'), promotionRequestTag) === null ? {} : { asked: true }),
    ...(version.get('status') === 'PENDING_REGISTRATION' ? { copying: true } : {}),
  }
}
