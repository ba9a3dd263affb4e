import { type EvaluationContext, resolveAllowed } from '../../evaluation-context.ts'
import type { Evaluation } from '../../fact-query.ts'
import { canonicalPath, placeOf } from '../../locations/store-path.ts'
import type { Json } from '../../messages/json/json.ts'
import { parseIfJson } from '../../messages/json/json-text.ts'
import { placesMeaning } from '../../messages/message-fields.ts'
import { relatedLoggedModel, relatedRun } from './owned-ids.ts'

/** What MLflow's own URIs begin with, in any spelling that a client could read so; the first part of what follows is a name or an id. */
const ownUri = /^\s*(runs|models|mlflow-artifacts):\/*(?:[^/@]*@[^/]*\/)?(.*)$/is

function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return value instanceof Map ? [...value.values()].flatMap(textsIn) : []
}

/** The strings in a JSON text; the text itself if it is not JSON. */
function stringsOf(text: string): string[] {
  const value = parseIfJson(text, { allowNaN: true })
  return value === undefined ? [text] : textsIn(value)
}

function dataUris({ endpoint, message }: EvaluationContext): { scheme: string; rest: string }[] {
  const texts = placesMeaning(endpoint, message, 'dataSource').flatMap(({ value }) =>
    typeof value === 'string' ? stringsOf(value) : [],
  )
  return texts.flatMap((text) => {
    const [, scheme = '', rest = ''] = ownUri.exec(text) ?? []
    return scheme === '' ? [] : [{ scheme: scheme.toLowerCase(), rest }]
  })
}

const isModelId = (text: string): boolean => /^m-/i.test(text)

/** Static part: registered models that data was read from are the caller's to read. */
export function checkDataNames(context: EvaluationContext): void {
  for (const { scheme, rest } of dataUris(context)) {
    const [name = ''] = rest.split(/[/@]/)
    if (scheme === 'models' && name !== '' && !isModelId(name)) resolveAllowed(context, 'model', name, 'read')
  }
}

/** Runs and logged models that data was read from. */
export function* checkDataSources(context: EvaluationContext): Evaluation<void> {
  for (const { scheme, rest } of dataUris(context)) {
    const [first = ''] = rest.split('/')
    if (scheme === 'runs') yield* relatedRun(context, first)
    if (scheme === 'models' && isModelId(first)) yield* relatedLoggedModel(context, first)
    const place = scheme === 'mlflow-artifacts' ? placeOf(canonicalPath(rest)) : null
    if (place?.runId) yield* relatedRun(context, place.runId)
    if (place?.loggedModelId) yield* relatedLoggedModel(context, place.loggedModelId)
  }
}
