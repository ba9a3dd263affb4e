import { type EvaluationContext, resolveAllowed } from '../../evaluation-context.ts'
import type { Evaluation } from '../../fact-query.ts'
import type { Json } from '../../messages/json/json.ts'
import { placesMeaning, textMeaning } from '../../messages/message-fields.ts'
import { findsWord, mayBeOne } from '../../names/look-alikes.ts'
import { Refusal } from '../../reasons.ts'
import { parseNested } from '../request/nested-json.ts'
import { checkTag } from '../request/tags.ts'
import { exportedPairs } from './span-attributes.ts'

/** The tag in which a trace's prompts are listed, with their names. */
export const linkedPromptsTag = 'mlflow.linkedPrompts'

/** Whether a tag lists prompts, in any spelling that a database could take for it. */
export function isLinkedPrompts(key: string): boolean {
  return mayBeOne(key, linkedPromptsTag)
}

/** Tags with which MLflow itself finds a trace's data: anyone who could write them could read other environments' files. */
const findsPlaceTag = findsWord([
  'mlflow.artifactLocation',
  'mlflow.trace.spansLocation',
  'mlflow.trace.archiveLocation',
  'mlflow.trace.archivalFailure',
])

/** Tags and metadata whose value is another trace's id. */
const findsTraceTag = findsWord(['mlflow.assessment.scorerTraceId', 'mlflow.gateway.linkedTraceId'])

/** Whether a tag says where MLflow keeps a trace: MLflow alone writes it. */
export function isPlaceTag(key: string): boolean {
  return findsPlaceTag(key) !== null
}

/** Tags or metadata as pairs, from a list of keys and values or from a map. */
export function tagPairs(tags: Json): [key: string, value: string][] {
  const pairs = tags instanceof Map ? [...tags] : (Array.isArray(tags) ? tags : []).map(pairOf)
  return pairs.flatMap(([key, value]): [string, string][] =>
    typeof key === 'string' ? [[key, typeof value === 'string' ? value : '']] : [],
  )
}

function pairOf(tag: Json): [Json | undefined, Json | undefined] {
  return tag instanceof Map ? [tag.get('key'), tag.get('value')] : [undefined, undefined]
}

/** All pairs of tags and metadata that a request writes to a trace or an assessment. */
function writtenPairs({ endpoint, message }: EvaluationContext): [key: string, value: string][] {
  const pairs = placesMeaning(endpoint, message, 'traceTags').flatMap(({ value }) => tagPairs(value))
  const key = textMeaning(endpoint, message, 'traceTagKey')
  const exported = exportedPairs({ endpoint, message })
  return key === null ? [...pairs, ...exported] : [...pairs, [key, textMeaning(endpoint, message, 'traceTag') ?? '']]
}

/** The prompts that a tag lists; their names are the caller's. Throws `invalid-parameter` for another form. */
function linkedPromptNames(context: EvaluationContext, text: string): string[] {
  const list = text === '' ? [] : parseNested(context, text)
  const names = Array.isArray(list) ? list.map((entry) => (entry instanceof Map ? entry.get('name') : undefined)) : [undefined]
  return names.map((name) => {
    if (typeof name === 'string') return name
    throw new Refusal('invalid-parameter', `Invalid format for '${linkedPromptsTag}' tag: write [{"name": "…", "version": "…"}].`)
  })
}

/** Static part: names of prompts, and tags that nobody but MLflow writes. */
export function checkTraceNames(context: EvaluationContext): void {
  const { endpoint, message } = context
  const key = textMeaning(endpoint, message, 'traceTagKey')
  const set = [...(key === null ? [] : [key]), ...exportedPairs(context).map(([name]) => name)]
  const place = set.find(isPlaceTag)
  if (place !== undefined) throw new Refusal('invalid-parameter', `Tag '${place}' is immutable and cannot be set on a trace.`)
  const listed = writtenPairs(context).flatMap(([name, value]) =>
    isLinkedPrompts(name) ? linkedPromptNames(context, value) : [],
  )
  const named = placesMeaning(endpoint, message, 'relatedModelName').flatMap(({ value }) =>
    typeof value === 'string' ? [value] : [],
  )
  for (const name of new Set([...listed, ...named])) resolveAllowed(context, 'model', name, 'read')
}

/** Ids of traces that the request's tags point at. */
export function pointedTraces(context: EvaluationContext): string[] {
  return writtenPairs(context).flatMap(([key, value]) => (findsTraceTag(key) === null ? [] : [value]))
}

/** Runs and logged models that the request's tags point at. */
export function* checkTraceTags(context: EvaluationContext): Evaluation<void> {
  for (const [key, value] of writtenPairs(context)) yield* checkTag(context, key, value)
}

/** Static part: the prompts that tags of runs and logged models list are the caller's to read. */
export function checkPromptTags(context: EvaluationContext): void {
  const { endpoint, message } = context
  const lists = placesMeaning(endpoint, message, 'runTags', 'versionTags', 'loggedModelTags').flatMap(({ value }) =>
    tagPairs(value),
  )
  const key = textMeaning(endpoint, message, 'tagKey')
  const pairs = key === null ? lists : [...lists, [key, textMeaning(endpoint, message, 'runTag') ?? ''] as const]
  const named = pairs.flatMap(([tag, value]) => (isLinkedPrompts(tag) ? linkedPromptNames(context, value) : []))
  for (const name of new Set(named)) resolveAllowed(context, 'model', name, 'read')
}
