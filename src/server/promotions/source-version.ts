import { absent } from '../../policy/evaluation-context.ts'
import { JsonNumber, type JsonObject } from '../../policy/messages/json/json.ts'
import { objectsIn } from '../../policy/messages/message-fields.ts'
import { type PromotionRequest, readRequest } from '../../policy/promotions/promotion-request.ts'
import { promotionClaimPrefix, promotionRequestTag } from '../../policy/promotions/promotion-tags.ts'
import type { Examined } from '../../policy/promotions/unmet-demands.ts'
import { readFound, textIn } from '../facts/look-up-answers.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'

const api = '/api/2.0/mlflow'

/** A version as MLflow has it, with what a promotion looks at. */
export interface SourceVersion extends Examined {
  readonly runId: string | null
  readonly description: string | null
  /** What somebody asks for; null: nothing. */
  readonly request: PromotionRequest | null
  /** Tags of those who carry a promotion of it out, with their values. */
  readonly claims: ReadonlyMap<string, string>
}

/** Where a version is: its stored name and its number, and what its callers call its model. */
export interface VersionId {
  readonly name: string
  readonly model: string
  readonly version: string
}

/** The tags of a version or a row of versions. */
export function tagsOf(row: JsonObject): ReadonlyMap<string, string> {
  const tags = objectsIn(row.get('tags')).map((tag): [string, string] => [textIn(tag, 'key') ?? '', textIn(tag, 'value') ?? ''])
  return new Map(tags)
}

function numberOf(metric: JsonObject): number {
  const value = metric.get('value')
  // MLflow writes NaN and infinities as texts.
  return Number(value instanceof JsonNumber ? value.text : (value ?? 'NaN'))
}

/** The latest metrics of a run; null: there is no such run. */
async function metricsOf(
  upstream: Upstream,
  runId: string,
  caller: CallerCredentials,
): Promise<ReadonlyMap<string, number> | null> {
  const run = readFound(await upstream.lookUp(`${api}/runs/get`, { run_id: runId }, caller))?.get('run')
  const data = run instanceof Map ? run.get('data') : undefined
  if (!(run instanceof Map)) return null
  const metrics = data instanceof Map ? objectsIn(data.get('metrics')) : []
  return new Map(metrics.map((metric): [string, number] => [textIn(metric, 'key') ?? '', numberOf(metric)]))
}

/** Reads a version as it is now. Throws `not-found` in MLflow's words. */
export async function readSource(
  upstream: Upstream,
  { name, model, version }: VersionId,
  caller: CallerCredentials,
): Promise<SourceVersion> {
  const row = readFound(await upstream.lookUp(`${api}/model-versions/get`, { name, version }, caller))?.get('model_version')
  if (!(row instanceof Map)) throw absent.version(model, version)
  const tags = tagsOf(row)
  const runId = textIn(row, 'run_id')
  return {
    tags,
    runId,
    metrics: runId === null ? null : await metricsOf(upstream, runId, caller),
    description: textIn(row, 'description'),
    request: readRequest(tags.get(promotionRequestTag) ?? ''),
    claims: new Map([...tags].filter(([key]) => key.startsWith(promotionClaimPrefix))),
  }
}
