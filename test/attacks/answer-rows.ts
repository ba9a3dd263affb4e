import type { Field } from '../../src/policy/messages/field.ts'
import type { Json, JsonObject } from '../../src/policy/messages/json/json.ts'
import { JsonNumber } from '../../src/policy/messages/json/json.ts'
import { shapeOf } from '../../src/policy/messages/message-shape.ts'
import type { AnswerMeaning, Owner } from '../../src/rewrite/answer/declaration.ts'
import { declarations } from '../../src/rewrite/answer/messages/declarations.ts'
import { toJson } from '../fakes/fake-fact-source.ts'
import type { Belongings } from '../fixtures/tenancy.ts'

const named = (name: string) => JSON.stringify([{ name, version: '1' }])

/** What a field of each meaning says of one environment's things; undefined where that names nothing of an environment's. */
const valuesOf: Readonly<Record<AnswerMeaning, (place: Belongings, field: Field) => unknown>> = {
  experimentId: ({ experiment }, { repeated }) => (repeated ? [experiment] : experiment),
  judgedExperimentId: () => undefined,
  ownExperimentId: ({ experiment }) => experiment,
  experimentName: ({ environment }) => `${environment.experimentRoot}/churn`,
  modelName: ({ stored }) => stored('fraud'),
  location: () => undefined,
  source: ({ stored }) => `models:/${stored('fraud')}/1`,
  downloadUri: ({ stored }) => `models:/${stored('fraud')}/1`,
  sentence: ({ stored }) => `Version 1 of model '${stored('fraud')}' was moved.`,
  endpointName: ({ environment }) => `scorer${environment.modelSuffix}`,
  gatewayName: ({ environment }) => `chat_${environment.name}`,
  modelDefinitionName: ({ environment }) => `gpt_${environment.name}`,
  gatewaySecretName: ({ environment }) => `key_${environment.name}`,
  scorerText: ({ environment }) =>
    JSON.stringify({ instructions_judge_pydantic_data: { model: `gateway:/chat_${environment.name}` } }),
  servedModelName: ({ stored }) => stored('fraud'),
  tags: ({ stored }) => [{ key: 'mlflow.modelVersions', value: named(stored('fraud')) }],
  traceTags: ({ stored }, { map }) => {
    const [key, value] = ['mlflow.linkedPrompts', named(stored('fraud'))]
    return map ? { [key]: value } : [{ key, value }]
  },
  experimentTags: ({ environment }) => [{ key: 'mlflow.experiment.sourceName', value: `${environment.experimentRoot}/churn` }],
  ownPart: () => undefined,
  withheld: (_, { type }) => (type === 'string' ? secretText : undefined),
  off: () => undefined,
  forAdministrators: () => undefined,
}

/** What only the rows of others say. */
export const secretText = 'what another environment wrote'

function numberIn({ type }: Field, value: Json): Json {
  return type === 'int32' && typeof value === 'string' ? new JsonNumber(value) : value
}

/** One field of a message with what belongs to an environment; null where its meaning names nothing of an environment's. */
export function fieldValue(message: string, name: string, place: Belongings): Json | null {
  const meaning = declarations[message]?.fields[name]
  const field = shapeOf(message).fields.get(name)
  if (typeof meaning !== 'string' || field === undefined) return null
  const value = valuesOf[meaning](place, field)
  return value === undefined ? null : numberIn(field, toJson(value))
}

function setPath(row: JsonObject, message: string, [head = '', ...rest]: readonly string[], value: string): void {
  const field = shapeOf(message).fields.get(head)
  if (field === undefined) throw new Error(`${message} has no ${head}`)
  if (rest.length === 0) {
    row.set(head, numberIn(field, value))
    return
  }
  const inner: JsonObject = new Map()
  setPath(inner, field.message ?? '', rest, value)
  row.set(head, inner)
}

/** Makes a row an environment's, as its declaration says that its owner is told. */
function setOwner(row: JsonObject, message: string, owner: Owner, place: Belongings): void {
  if (owner.by === 'experimentId') setPath(row, message, owner.path, place.experiment)
  if (owner.by === 'datasetId') row.set(owner.field, place.entity('d')).set(owner.experiments, [place.experiment])
  if (owner.by === 'gatewayEndpointId') row.set(owner.field, place.gateway('e'))
}

/** A row of an environment's: with a `text`, every field that may hold one holds it. */
export function rowOf(message: string, place: Belongings, text: string | null = null): JsonObject {
  const row: JsonObject = new Map()
  const { owner, stage } = declarations[message] ?? {}
  for (const [name, field] of shapeOf(message).fields) {
    const value = fieldValue(message, name, place)
    if (value !== null) row.set(name, value)
    else if (text !== null && field.type === 'string') row.set(name, field.repeated ? [text] : field.map ? new Map() : text)
  }
  if (owner !== undefined) setOwner(row, message, owner, place)
  if (stage !== undefined && 'stage' in stage) row.set(stage.stage, 'None').set(stage.aliases, [])
  return row
}
