import type { Grant, GrantContext } from '../../policy/grant.ts'
import type { Field } from '../../policy/messages/field.ts'
import { type Json, JsonNumber, type JsonObject, PrintedJson } from '../../policy/messages/json/json.ts'
import { hasShape, shapeOf } from '../../policy/messages/message-shape.ts'
import { renameTags } from '../tag-names.ts'
import { clientTraceTags } from '../trace-tag-names.ts'
import { answerMeanings } from './answer-fields.ts'
import { location, modelNameOf, type NamedMeaning, textMappers, unknownAnswer } from './answer-texts.ts'
import { clientExperimentTags, clientPaths, contextOfExperiment } from './experiment-answer.ts'
import { contextOfEndpoint } from './serving-answer.ts'
import { hidden, isVisible } from './visible-rows.ts'

/** The findings for what is said inside a row. */
function findingsWithin(messageName: string, row: JsonObject, context: GrantContext): GrantContext {
  return messageName === 'mlflow.Experiment' ? contextOfExperiment(row, context) : contextOfEndpoint(messageName, row, context)
}

function rewriteField(field: Field, value: Json, context: GrantContext): Json {
  const message = field.message
  if (value instanceof PrintedJson) return value
  if (field.type !== 'message' || message === undefined || !hasShape(message)) return value
  if (field.map === true) {
    if (!(value instanceof Map)) throw unknownAnswer('a value of another type')
    return new Map([...value].map(([key, item]) => [key, rewriteRow(message, item, context)]))
  }
  if (field.repeated === true) {
    if (!Array.isArray(value)) throw unknownAnswer('a value of another type')
    return value.filter((row) => isVisible(message, row, context)).map((row) => rewriteRow(message, row, context))
  }
  return rewriteRow(message, value, context)
}

/** One row of an answer in the caller's names; null stays as it is. Throws `unknown-answer` for what is no row of the caller's. */
export function rewriteRow(messageName: string, value: Json, context: GrantContext): Json {
  if (value === null) return null
  if (!(value instanceof Map)) throw unknownAnswer('a value of another type')
  if (!isVisible(messageName, value, context)) throw hidden(messageName, value, context)
  return rewriteMessage(messageName, value, findingsWithin(messageName, value, context))
}

/** What names something, in the caller's words. Ids of experiments come as texts, as lists of them, and as numbers. */
function rewriteNamed(meaning: NamedMeaning, field: Field, value: Json, context: GrantContext): Json {
  const map = textMappers[meaning]
  if (field.repeated === true && Array.isArray(value)) {
    const shown = value.filter((item) => typeof item === 'string' && context.visibleExperiments.has(item))
    return shown.map((item) => rewriteNamed(meaning, { type: field.type }, item, context))
  }
  if (field.type === 'int32' && value instanceof JsonNumber) return new JsonNumber(map(value.text, context))
  if (typeof value !== 'string') throw unknownAnswer('a value of another type')
  return value === '' ? value : map(value, context)
}

/** Whether a list has only others' rows: MLflow's protobuf leaves an empty one out, and what it writes by hand spells it. */
function isEmptied(messageName: string, before: Json, after: Json): boolean {
  const byHand = messageName.startsWith('handmade.')
  return !byHand && Array.isArray(before) && Array.isArray(after) && before.length > 0 && after.length === 0
}

/** One message of an answer in the caller's names. Fields that no known MLflow version has are left out. */
function rewriteMessage(messageName: string, message: JsonObject, context: GrantContext): JsonObject {
  const { fields } = shapeOf(messageName)
  const meanings = answerMeanings[messageName] ?? {}
  const result: JsonObject = new Map()
  for (const [name, value] of message) {
    const field = fields.get(name)
    if (field === undefined) continue
    const meaning = meanings[name]
    if (meaning === 'withheld') continue
    // A part that is another's, of something that is the caller's.
    if (meaning === 'ownPart' && !isVisible(field.message ?? '', value, context)) continue
    // A feature that the proxy does not serve.
    if (meaning === 'off') result.set(name, false)
    else if (meaning === 'forAdministrators') result.set(name, value === true && context.administrator)
    else if (meaning === 'experimentTags') result.set(name, clientExperimentTags(value, context))
    else if (meaning === 'tags') result.set(name, clientPaths(renameTags(value, modelNameOf(context)), context))
    else if (meaning === 'traceTags')
      result.set(
        name,
        clientPaths(
          clientTraceTags(value, modelNameOf(context), (uri) => location(uri, context)),
          context,
        ),
      )
    else if (meaning !== undefined && meaning !== 'ownPart' && value !== null) {
      result.set(name, rewriteNamed(meaning, field, value, context))
    } else {
      const rewritten = rewriteField(field, value, context)
      if (!isEmptied(messageName, value, rewritten)) result.set(name, rewritten)
    }
  }
  return result
}

/** MLflow's answer to a granted request, in the caller's names and without what they may not see. */
export function rewriteAnswer(grant: Grant, answer: JsonObject): JsonObject {
  const { response } = grant.endpoint
  if (!isVisible(response, answer, grant.context)) throw hidden(response, answer, grant.context)
  // What is a row in other answers may be the whole of this one.
  return rewriteMessage(response, answer, findingsWithin(response, answer, grant.context))
}
