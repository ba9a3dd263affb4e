import type { EvaluationContext } from '../../evaluation-context.ts'
import type { Evaluation } from '../../fact-query.ts'
import type { Json } from '../../messages/json/json.ts'
import { parseJson } from '../../messages/json/json-text.ts'
import { placesMeaning, textMeaning } from '../../messages/message-fields.ts'
import { isLoggedModelId, isRunId } from '../../names/ids.ts'
import { findsWord, mayBeOne } from '../../names/look-alikes.ts'
import { findsPromotionTag, isRecordKey } from '../../promotions/promotion-tags.ts'
import { Refusal } from '../../reasons.ts'
import { recordTags } from '../genai/records.ts'
import { relatedLoggedModel, relatedRun } from '../runs/owned-ids.ts'
import { checkLinkTag } from './links.ts'
import { parseNested } from './nested-json.ts'

/** The tag in which the proxy notes that a version's registration is not finished. */
export const pendingStageTag = 'mlflow-env-proxy.pendingStage'

/** The same for the alias of a version in Unity Catalog, whose keys have no dots. */
export const pendingAliasTag = 'mlflow_env_proxy_pending_alias'

/** The tag in which the proxy notes that an experiment's name was written with a slash before it. */
export const leadingSlashTag = 'mlflow-env-proxy.leadingSlash'

/** The proxy's own notes, which callers neither see nor write. */
export const proxyTags: readonly string[] = [pendingStageTag, pendingAliasTag, leadingSlashTag]

const findsNote = findsWord(proxyTags)

/** The proxy's own tag that a database may confuse with a key; null if there is none. */
export function findsProxyTag(key: string): string | null {
  return findsNote(key) ?? findsPromotionTag(key)
}

/** The tag in which MLflow and its clients list the registered versions of a logged model, with their names. */
export const modelVersionsTag = 'mlflow.modelVersions'

/** The tag that makes a version one of a prompt. */
export const promptTag = 'mlflow.prompt.is_prompt'

/** Whether a new version's tags make it one of a prompt, on every MLflow version: of several that may be such tags each must say so. */
export function makePrompt(tags: Json | undefined): boolean {
  const alike = (Array.isArray(tags) ? tags : []).flatMap((tag) => {
    const [key, value] = tag instanceof Map ? [tag.get('key'), tag.get('value')] : []
    return typeof key === 'string' && mayBeOne(key, promptTag) ? [{ key, value }] : []
  })
  const says = (value: Json | undefined) => typeof value === 'string' && value.toLowerCase() === 'true'
  return alike.some(({ key }) => key === promptTag) && alike.every(({ value }) => says(value))
}

/** Tags of MLflow whose value names a run or a logged model. */
const findsIdTag = findsWord([
  'mlflow.parentRunId',
  'mlflow.rootRunId',
  'mlflow.sourceRun',
  'mlflow.modelId',
  'mlflow.assessment.sourceRunId',
  'mlflow.dbconnect.parentRunId',
])
/** Tags whose value is a comma-separated list of run ids. */
const findsListTag = findsWord(['mlflow.prompt.associatedRunIds'])
/** Tags whose value is JSON that contains ids. */
const findsJsonTag = findsWord(['mlflow.log-model.history', 'mlflow.loggedModels'])

/** Keys whose text is an id. `model_uuid` is none: MLflow makes it up, 32 hexadecimal digits that name nothing. */
const idKey = /(^|_)(run_(uu)?id|model_id)$/

function collectIds(value: Json, found: Set<string>, named = true): Set<string> {
  if (typeof value === 'string') {
    if (named && (isRunId(value) || isLoggedModelId(value))) found.add(value)
  } else if (Array.isArray(value)) for (const item of value) collectIds(item, found, named)
  else if (value instanceof Map) for (const [key, item] of value) collectIds(item, found, idKey.test(key))
  return found
}

function* checkId(context: EvaluationContext, text: string): Evaluation<void> {
  if (/^\s*m-/i.test(text)) yield* relatedLoggedModel(context, text)
  else yield* relatedRun(context, text)
}

/** The ids in JSON that MLflow itself will read again. */
function* checkIdsIn(context: EvaluationContext, json: Json): Evaluation<void> {
  for (const id of collectIds(json, new Set())) yield* checkId(context, id)
}

/** Characters: as many as MLflow takes of a tag in the model registry, `MAX_MODEL_REGISTRY_TAG_VALUE_LENGTH`. */
const longestList = 100_000

function idsInList(text: string): Set<string> {
  if (text.length <= longestList) return new Set(text.split(',').map((id) => id.trim()))
  throw new Refusal(
    'invalid-parameter',
    `A list of runs exceeds the maximum length of ${longestList} characters. List fewer runs.`,
  )
}

/** Refuses a tag that is the proxy's own. */
export function refuseProxyTag(key: string): void {
  const kept = findsProxyTag(key)
  if (kept !== null) throw new Refusal('invalid-parameter', `The tag '${kept}' is reserved for the proxy. Choose another key.`)
}

/** Refuses the proxy's own tags, and tags that refer to something the caller may not read. */
export function* checkTag(context: EvaluationContext, key: string, value: string): Evaluation<void> {
  refuseProxyTag(key)
  checkLinkTag(key, value)
  if (findsIdTag(key) !== null) yield* checkId(context, value)
  for (const id of findsListTag(key) === null ? [] : idsInList(value)) yield* relatedRun(context, id)
  if (findsJsonTag(key) !== null && value !== '') yield* checkIdsIn(context, parseNested(context, value))
}

/** Tags as MLflow reads them from a JSON text: an object of texts. */
function* checkTagsJson(context: EvaluationContext, text: string): Evaluation<void> {
  const tags = parseJson(text, { allowNaN: true })
  if (!(tags instanceof Map)) throw new Refusal('invalid-parameter', 'The tags must be a JSON object.')
  for (const [key, value] of tags) yield* checkTag(context, key, typeof value === 'string' ? value : '')
}

function* checkTagList(context: EvaluationContext, tags: Json): Evaluation<void> {
  for (const tag of Array.isArray(tags) ? tags : []) {
    const [key, text] = tag instanceof Map ? [tag.get('key'), tag.get('value')] : []
    if (typeof key === 'string') yield* checkTag(context, key, typeof text === 'string' ? text : '')
  }
}

/** Whether a tag is of a promotion's record, which a client copies with a version: it is left out of what is sent. */
function isOfRecord(tag: Json): boolean {
  const key = tag instanceof Map ? tag.get('key') : undefined
  return typeof key === 'string' && isRecordKey(key)
}

/** Every tag that can point at something else: parent runs above all. */
export function* checkTags(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message } = context
  for (const { value } of placesMeaning(endpoint, message, 'runTags', 'loggedModelTags')) yield* checkTagList(context, value)
  for (const { value } of placesMeaning(endpoint, message, 'versionTags')) {
    yield* checkTagList(context, Array.isArray(value) ? value.filter((tag) => !isOfRecord(tag)) : value)
  }
  const tagsJson = textMeaning(endpoint, message, 'tagsJson')
  if (tagsJson !== null) yield* checkTagsJson(context, tagsJson)
  for (const [key, value] of recordTags(context)) yield* checkTag(context, key, value)
  const key = textMeaning(endpoint, message, 'tagKey')
  if (key !== null) yield* checkTag(context, key, textMeaning(endpoint, message, 'runTag') ?? '')
  const modelJson = textMeaning(endpoint, message, 'modelJson')
  if (modelJson !== null) yield* checkIdsIn(context, parseJson(modelJson))
}

/** Whether a change to a logged model only records its registrations, without changing the model. */
export function isRegistrationNote({ endpoint, message }: EvaluationContext): boolean {
  const tags = placesMeaning(endpoint, message, 'loggedModelTags').flatMap(({ value }) => (Array.isArray(value) ? value : []))
  const onlyTags = Object.values(endpoint.fields).every((meaning) => meaning === 'loggedModel' || meaning === 'loggedModelTags')
  return onlyTags && tags.length > 0 && tags.every((tag) => tag instanceof Map && tag.get('key') === modelVersionsTag)
}
