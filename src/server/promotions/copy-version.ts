import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { endpointTable } from '../../policy/endpoints/endpoint-table.ts'
import { type Environment, serverKindOf } from '../../policy/environments/environment.ts'
import type { Grant } from '../../policy/grant.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { idIn } from '../../policy/messages/message-fields.ts'
import { findsPromotionTag, type VersionTag } from '../../policy/promotions/promotion-tags.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Config } from '../config/config-types.ts'
import { readFound } from '../facts/look-up-answers.ts'
import { UpstreamError } from '../http/failure.ts'
import type { RequestContext } from '../http/request-context.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { SourceVersion, VersionId } from './source-version.ts'

/** What a promotion is carried out with. */
export interface CopyParts {
  readonly config: Config
  readonly pipeline: Pipeline
  readonly upstream: Upstream
}

function endpointOf(config: Config, name: string): OpenEndpoint {
  const endpoint = endpointTable(serverKindOf(config), 'http').open.get(name)
  if (endpoint === undefined) throw new TypeError(`${name} is in no table of this upstream`)
  return endpoint
}

/** The context of a caller of the environment `to` who may copy versions of `from`: this one request, which a rule allows. */
export function copyContext(
  asker: Omit<RequestContext, 'environment' | 'administrator' | 'reader' | 'mode'>,
  from: Environment,
  to: Environment,
): RequestContext {
  const environment = { ...to, promotesFrom: [...to.promotesFrom, from.name] }
  const credentials = { ...asker.credentials, environment: to.name }
  return { ...asker, credentials, environment, administrator: false, reader: false, mode: 'http' }
}

/** Tags of a version that go with it: MLflow's own are of the original. */
function copiedTags(tags: ReadonlyMap<string, string>): Json[] {
  const goes = ([key]: [string, string]) => !key.startsWith('mlflow.') && findsPromotionTag(key) === null
  return [...tags].filter(goes).map(([key, value]) => new Map(Object.entries({ key, value })))
}

/** The request that copies a version, as a client's `copy_model_version` sends it. */
function copyMessage({ name, model, version }: VersionId, source: SourceVersion): JsonObject {
  const message: JsonObject = new Map<string, Json>([
    ['name', model],
    ['source', `models:/${name}/${version}`],
  ])
  if (source.runId !== null) message.set('run_id', source.runId)
  if (source.description !== null) message.set('description', source.description)
  const tags = copiedTags(source.tags)
  return tags.length === 0 ? message : message.set('tags', tags)
}

/** Decides by current facts, where anything is frozen: a workspace copies files, and Unity Catalog cannot be searched by sources. */
function judgeNow({ config, pipeline }: CopyParts, context: RequestContext, name: string, message: JsonObject): Promise<Grant> {
  return pipeline.judge(context, endpointOf(config, name), message, config.kind === 'mlflow')
}

/** Decides whether a version could be copied, and holds off changes to what it is made of until `release`. Throws as `Pipeline.judge`. */
export async function holdForCopy(
  parts: CopyParts,
  context: RequestContext,
  id: VersionId,
  source: SourceVersion,
): Promise<() => void> {
  const requestContext = { ...context, record: [] }
  const granted = await judgeNow(parts, requestContext, 'createModelVersion', copyMessage(id, source))
  const { release } = await parts.pipeline.hold(requestContext, granted)
  return release
}

/** Makes the registered model that the copy belongs to, unless it is there. */
async function makeModel(parts: CopyParts, context: RequestContext, model: string, stored: string) {
  const { pipeline, upstream } = parts
  const { credentials: caller } = context
  if (readFound(await upstream.lookUp('/api/2.0/mlflow/registered-models/get', { name: stored }, caller)) !== null) return
  try {
    const grant = await judgeNow(parts, context, 'createRegisteredModel', new Map([['name', model]]))
    await pipeline.complete({ requestContext: context, grant, printsRows: false })
  } catch (error) {
    // Somebody else was faster.
    if (!(error instanceof UpstreamError && error.failure.body.error_code === 'RESOURCE_ALREADY_EXISTS')) throw error
  }
}

/** Copies a version, with the record of its promotion on it from the first moment. Returns the number of the new one. */
export async function copyVersion(
  parts: CopyParts,
  context: RequestContext,
  id: VersionId,
  { source, stored, record }: { readonly source: SourceVersion; readonly stored: string; readonly record: readonly VersionTag[] },
): Promise<string> {
  await makeModel(parts, context, id.model, stored)
  const requestContext = { ...context, record }
  const grant = await judgeNow(parts, requestContext, 'createModelVersion', copyMessage(id, source))
  const answer = await parts.pipeline.complete({ requestContext, grant, printsRows: false })
  const row = answer.get('model_version')
  const version = row instanceof Map ? idIn(row, 'version') : null
  if (version !== null) return version
  throw new Refusal('unknown-answer', "MLflow's answer to the copy names no version. Look at the promotion again.")
}

/** Whether the copy may be there, or come, although it failed. */
export function mayComeYet(error: unknown): boolean {
  if (error instanceof UpstreamError) return error.failure.status >= 500
  return !(error instanceof Refusal) || error.reason === 'outcome-unknown' || error.reason === 'unknown-answer'
}
