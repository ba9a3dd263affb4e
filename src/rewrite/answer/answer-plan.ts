import type { GrantContext } from '../../policy/grant.ts'
import type { Field } from '../../policy/messages/field.ts'
import { type Json, type JsonObject, PrintedJson } from '../../policy/messages/json/json.ts'
import { printJson } from '../../policy/messages/json/json-text.ts'
import { SkimmedObject } from '../../policy/messages/json/skimmed-object.ts'
import { hasShape, shapeOf } from '../../policy/messages/message-shape.ts'
import { undescribedMessages } from '../../policy/messages/undescribed-messages.ts'
import { Refusal } from '../../policy/reasons.ts'
import { unknownAnswer } from './answer-texts.ts'
import type { AnswerMeaning, Declaration } from './declaration.ts'
import { contextOfExperiment } from './experiment-answer.ts'
import { type FieldRewrite, meantRewrite, type Rows } from './field-rewrites.ts'
import { declarations } from './messages/declarations.ts'
import { type IsVisible, visibility } from './owner-rules.ts'
import { contextOfEndpoint } from './serving-answer.ts'
import { isInProductionRow } from './version-rows.ts'

/** A message without a declaration: a test has found that it names nothing. */
const undeclared: Declaration = { owner: { by: 'part', of: 'an answer' }, fields: {} }

const contexts = { experiment: contextOfExperiment, servingEndpoint: contextOfEndpoint } as const

/** The declaration of one message, made ready to go through rows. */
class AnswerPlan implements Rows {
  readonly #name: string
  readonly declaration: Declaration
  readonly #isOwn: IsVisible | null
  #rewrites: ReadonlyMap<string, FieldRewrite> | null = null
  #listsOwned: boolean | null = null

  constructor(name: string) {
    this.#name = name
    this.declaration = declarations[name] ?? undeclared
    this.#isOwn = visibility(this.declaration)
  }

  /** Whether its rows have an owner of their own. */
  get isOwned(): boolean {
    return this.#isOwn !== null
  }

  /** Whether it has a list of rows that have an owner of their own. */
  get listsOwned(): boolean {
    this.#listsOwned ??= [...shapeOf(this.#name).fields.values()].some(
      ({ repeated, message }) => repeated === true && message !== undefined && planOf(message).isOwned,
    )
    return this.#listsOwned
  }

  /** Whether its rows are changed: something in them is put into the caller's words. */
  get isRenamed(): boolean {
    return Object.values(this.declaration.fields).some((meaning) => typeof meaning === 'string')
  }

  /** What a field of it holds; null where that names nothing, or passes. */
  meaningOf(field: string): AnswerMeaning | null {
    const meaning = this.declaration.fields[field]
    return typeof meaning === 'string' ? meaning : null
  }

  isVisible(row: Json, context: GrantContext): row is JsonObject {
    if (!(row instanceof Map)) return false
    return this.#isOwn === null || this.#isOwn(row instanceof SkimmedObject ? row.outline : row, context)
  }

  rewriteRow(row: Json, context: GrantContext): Json {
    if (row === null) return null
    if (!(row instanceof Map)) throw unknownAnswer('a value of another type')
    return this.rewrite(row, context)
  }

  /** The same of a whole message. */
  rewrite(message: JsonObject, context: GrantContext): JsonObject {
    if (!this.isVisible(message, context)) throw this.#hidden(message, context)
    return this.#rewriteMembers(message, context)
  }

  rewriteVisible(row: JsonObject, context: GrantContext): Json {
    const printed = row instanceof SkimmedObject ? row.printWith(this.#rewriteMembers(row.outline, context), printJson) : null
    return printed ?? this.#rewriteMembers(row, context)
  }

  #rewriteMembers(message: JsonObject, context: GrantContext): JsonObject {
    const within = this.contextInside(message, context)
    const result: JsonObject = new Map()
    for (const [name, value] of message) {
      const rewritten = this.rewriteField(name, value, within)
      if (rewritten !== undefined) result.set(name, rewritten)
    }
    return result
  }

  /** Where the fields of a message are rewritten. */
  contextInside(message: JsonObject, context: GrantContext): GrantContext {
    const { inside } = this.declaration
    return inside === undefined ? context : contexts[inside](message, context)
  }

  /** The plan of what a field holds, if that is a message or a list of them, and shown as what it is. */
  rowsIn(name: string, value: Json): AnswerPlan | null {
    const { type, message = '', repeated = false, map } = shapeOf(this.#name).fields.get(name) ?? {}
    const meaning = this.meaningOf(name)
    const isShown = meaning === null || (meaning === 'ownPart' && !repeated)
    const isHeld = type === 'message' && hasShape(message) && map !== true && repeated === Array.isArray(value)
    return isShown && isHeld ? planOf(message) : null
  }

  /** One field of it; undefined where it is left out. */
  rewriteField(name: string, value: Json, within: GrantContext): Json | undefined {
    return (this.#rewrites ?? this.#compile()).get(name)?.(value, within)
  }

  #hidden(row: JsonObject, context: GrantContext): Refusal {
    const { stage } = this.declaration
    if (stage === undefined || 'untold' in stage || !isInProductionRow(stage, row, context))
      return unknownAnswer(`a ${this.#name.replace('mlflow.', '')} of another environment`)
    return new Refusal(
      'production-version',
      'This version is in production, so only callers of a production environment may use it.',
    )
  }

  /** At the first row, and not before: messages may hold each other. */
  #compile(): ReadonlyMap<string, FieldRewrite> {
    const spellsEmptyLists = this.#name in undescribedMessages
    const rewrites = [...shapeOf(this.#name).fields].map(([name, field]) => {
      const meaning = this.meaningOf(name)
      const rows =
        field.type === 'message' && field.message !== undefined && hasShape(field.message) ? planOf(field.message) : null
      return [name, meaning === null ? rowsRewrite(field, rows, spellsEmptyLists) : meantRewrite(meaning, field, rows)] as const
    })
    this.#rewrites = new Map(rewrites)
    return this.#rewrites
  }
}

const same: FieldRewrite = (value) => value

/** A list or map without what the caller may not see. MLflow's protobuf leaves an empty list out, and what it writes by hand spells it. */
function rowsRewrite({ map, repeated }: Field, rows: Rows | null, spellsEmptyLists: boolean): FieldRewrite {
  if (rows === null) return same
  if (map === true) {
    return (value, context) => {
      if (!(value instanceof Map)) throw unknownAnswer('a value of another type')
      const shown: JsonObject = new Map()
      for (const [key, row] of value) if (rows.isVisible(row, context)) shown.set(key, rows.rewriteVisible(row, context))
      return shown
    }
  }
  if (repeated !== true) return (value, context) => rows.rewriteRow(value, context)
  return (value, context) => {
    if (value instanceof PrintedJson) return value
    if (!Array.isArray(value)) throw unknownAnswer('a value of another type')
    const shown: Json[] = []
    for (const row of value) if (rows.isVisible(row, context)) shown.push(rows.rewriteVisible(row, context))
    return value.length > 0 && shown.length === 0 && !spellsEmptyLists ? undefined : shown
  }
}

export type { AnswerPlan }

const plans = new Map<string, AnswerPlan>()

/** The plan of a message, by its full name. */
export function planOf(message: string): AnswerPlan {
  const known = plans.get(message)
  if (known !== undefined) return known
  const plan = new AnswerPlan(message)
  plans.set(message, plan)
  return plan
}
