import type { GrantContext } from '../../policy/grant.ts'
import type { Field } from '../../policy/messages/field.ts'
import { type Json, JsonNumber, type JsonObject } from '../../policy/messages/json/json.ts'
import { renameTags } from '../tag-names.ts'
import { clientTraceTags } from '../trace-tag-names.ts'
import { location, modelNameOf, type TextMapper, textMappers, unknownAnswer } from './answer-texts.ts'
import type { AnswerMeaning, TextMeaning } from './declaration.ts'
import { clientExperimentTags, clientPaths } from './experiment-answer.ts'

/** Puts the value of one field into the caller's words; undefined leaves the field out. */
export type FieldRewrite = (value: Json, context: GrantContext) => Json | undefined

/** The messages that a field holds. */
export interface Rows {
  /** Whether the caller may see a row. */
  isVisible(row: Json, context: GrantContext): row is JsonObject
  /** A row that they may see in their own names. Fields that no known MLflow version has are left out. */
  rewriteVisible(row: JsonObject, context: GrantContext): Json
  /** The same of any row; null stays as it is. Throws a refusal for what is no row of the caller's. */
  rewriteRow(row: Json, context: GrantContext): Json
}

/** Ids of experiments come as texts, as lists of them, and as numbers. */
function rewriteText({ repeated, type }: Pick<Field, 'repeated' | 'type'>, map: TextMapper): FieldRewrite {
  const one = (value: Json, context: GrantContext): Json => {
    if (value === null) return value
    if (type === 'int32' && value instanceof JsonNumber) return new JsonNumber(map(value.text, context))
    if (typeof value !== 'string') throw unknownAnswer('a value of another type')
    return value === '' ? value : map(value, context)
  }
  if (repeated !== true) return one
  return (value, context) => {
    if (!Array.isArray(value)) return one(value, context)
    const shown = value.filter((item) => typeof item === 'string' && context.visibleExperiments.has(item))
    return shown.map((item) => one(item, context))
  }
}

/** How each of the other meanings is put into the caller's words. */
const wholeFields: Readonly<Record<Exclude<AnswerMeaning, TextMeaning | 'ownPart'>, FieldRewrite>> = {
  tags: (value, context) => clientPaths(renameTags(value, modelNameOf(context)), context),
  traceTags: (value, context) => {
    const shown = clientTraceTags(value, modelNameOf(context), (uri) => location(uri, context))
    return clientPaths(shown, context)
  },
  experimentTags: clientExperimentTags,
  withheld: () => undefined,
  off: () => false,
  forAdministrators: (value, { administrator }) => value === true && administrator,
}

function isText(meaning: AnswerMeaning): meaning is TextMeaning {
  return meaning in textMappers
}

/** How a field with a meaning is rewritten; `rows`: what it holds, where that is messages. */
export function meantRewrite(meaning: AnswerMeaning, field: Field, rows: Rows | null): FieldRewrite {
  if (isText(meaning)) return rewriteText(field, textMappers[meaning])
  if (meaning !== 'ownPart') return wholeFields[meaning]
  if (rows === null) throw new Error('only a message can be a part')
  return (value, context) => (rows.isVisible(value, context) ? rows.rewriteVisible(value, context) : undefined)
}
