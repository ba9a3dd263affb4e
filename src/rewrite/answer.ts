import { idIn } from '../policy/checks/answer-rows.ts'
import type { Field } from '../policy/field.ts'
import type { Findings, Grant } from '../policy/grant.ts'
import { type Json, JsonNumber, type JsonObject } from '../policy/json.ts'
import { managesProduction } from '../policy/judgement.ts'
import { textsOf } from '../policy/message-fields.ts'
import { hasShape, shapeOf } from '../policy/message-shape.ts'
import { ownerOf } from '../policy/names.ts'
import { isInProduction } from '../policy/production.ts'
import { Refusal } from '../policy/reasons.ts'
import { answerMeanings } from './answer-fields.ts'
import { location, modelNameOf, type NamedMeaning, textMappers, unknownAnswer } from './answer-texts.ts'
import { visibleGateway } from './gateway-answer.ts'
import { findingsWithin, visibleServing } from './serving-answer.ts'
import { renameTags } from './tag-names.ts'
import { clientTraceTags } from './trace-tags.ts'

function isVisibleVersion(row: JsonObject, findings: Findings): boolean {
  if (!ownedByScope('model', row, findings)) return false
  return managesProduction(findings.environment) || !inProduction(row, findings)
}

function inProduction(row: JsonObject, { landscape }: Findings): boolean {
  const listed = row.get('aliases')
  // Unity Catalog says with each alias at which version it points.
  const aliases = (Array.isArray(listed) ? listed : []).flatMap((each) =>
    textsOf((each instanceof Map ? each.get('alias') : each) ?? null),
  )
  return isInProduction(landscape, { stage: row.get('current_stage') === 'Production' ? 'Production' : 'None', aliases })
}

function inExperiment(info: Json | undefined, { visibleExperiments, admitted }: Findings): boolean {
  const id = info instanceof Map ? idIn(info, 'experiment_id') : null
  return id !== null && (visibleExperiments.has(id) || admitted.has(id))
}

/** A new data set is told by its experiments, any other by what was found out of them. */
function isVisibleDataset(row: JsonObject, { visibleExperiments, admitted }: Findings): boolean {
  if (admitted.has(idIn(row, 'dataset_id') ?? '')) return true
  const experiments = textsOf(row.get('experiment_ids') ?? [])
  return experiments.length > 0 && experiments.every((id) => visibleExperiments.has(id))
}

function experimentOfTrace(row: JsonObject): Json | undefined {
  const place = row.get('trace_location')
  return place instanceof Map ? place.get('mlflow_experiment') : undefined
}

function ownedByScope(kind: 'model' | 'experiment', row: JsonObject, { landscape, scope }: Findings): boolean {
  const name = row.get('name')
  return typeof name === 'string' && ownerOf(landscape, kind, name)?.owner.name === scope.name
}

/** Whether the caller may see a row at all. Entities that are not here have no owner of their own. */
const visible: Readonly<Record<string, (row: JsonObject, findings: Findings) => boolean>> = {
  'mlflow.Experiment': (row, findings) => ownedByScope('experiment', row, findings),
  'mlflow.RegisteredModel': (row, findings) => ownedByScope('model', row, findings),
  'mlflow.ModelVersion': isVisibleVersion,
  'mlflow.LoggedModelRegistrationInfo': (row, findings) =>
    ownedByScope('model', row, { ...findings, scope: findings.environment }),
  'mlflow.ucmodelregistry.RegisteredModel': (row, findings) => ownedByScope('model', row, findings),
  'mlflow.ucmodelregistry.ModelVersion': isVisibleVersion,
  'databricks.ModelDatabricks': (row, findings) => ownedByScope('model', row, findings),
  'databricks.ModelVersionDatabricks': isVisibleVersion,
  // A webhook without a model listens to every environment's.
  'databricks.RegistryWebhook': (row, findings) =>
    ownedByScope('model', new Map([['name', row.get('model_name') ?? null]]), { ...findings, scope: findings.environment }),
  ...visibleServing,
  ...visibleGateway,
  'mlflow.Run': (row, findings) => inExperiment(row.get('info'), findings),
  'mlflow.RunInfo': (row, findings) => inExperiment(row, findings),
  'mlflow.DatasetSummary': inExperiment,
  'mlflow.datasets.Dataset': isVisibleDataset,
  'mlflow.Scorer': inExperiment,
  'mlflow.RegisterScorer.Response': inExperiment,
  'handmade.OnlineScoringConfig': inExperiment,
  'mlflow.issues.Issue': inExperiment,
  'mlflow.label_schemas.LabelSchema': inExperiment,
  'mlflow.review_queues.ReviewQueue': inExperiment,
  'mlflow.TraceInfo': (row, findings) => inExperiment(row, findings),
  'mlflow.TraceInfoV3': (row, findings) => inExperiment(experimentOfTrace(row), findings),
  'mlflow.LoggedModel': (row, findings) => inExperiment(row.get('info'), findings),
}

/** Whether rows of this message have an owner of their own. */
export function hasOwnVisibility(messageName: string): boolean {
  return messageName in visible
}

/** Whether the caller may see a row of this message. */
export function isVisible(messageName: string, row: Json, findings: Findings): row is JsonObject {
  return row instanceof Map && (visible[messageName]?.(row, findings) ?? true)
}

function hidden(messageName: string, row: JsonObject, findings: Findings): Refusal {
  if (/\.ModelVersion(Databricks)?$/.test(messageName) && inProduction(row, findings)) {
    return new Refusal(
      'production-version',
      'This version is in production, which only callers of a production environment may use.',
    )
  }
  return unknownAnswer(`a ${messageName.replace('mlflow.', '')} of another environment`)
}

function rewriteField(field: Field, value: Json, findings: Findings): Json {
  const message = field.message
  if (field.type !== 'message' || message === undefined || !hasShape(message)) return value
  if (field.map === true) {
    if (!(value instanceof Map)) throw unknownAnswer('a value of another type')
    return new Map([...value].map(([key, item]) => [key, rewriteSingle(message, item, findings)]))
  }
  if (field.repeated === true) {
    if (!Array.isArray(value)) throw unknownAnswer('a value of another type')
    return value.filter((row) => isVisible(message, row, findings)).map((row) => rewriteSingle(message, row, findings))
  }
  return rewriteSingle(message, value, findings)
}

function rewriteSingle(messageName: string, value: Json, findings: Findings): Json {
  if (value === null) return null
  if (!(value instanceof Map)) throw unknownAnswer('a value of another type')
  if (!isVisible(messageName, value, findings)) throw hidden(messageName, value, findings)
  return rewriteMessage(messageName, value, findingsWithin(messageName, value, findings))
}

/** What names something, in the caller's words. Ids of experiments come as texts, as lists of them, and as numbers. */
function rewriteNamed(meaning: NamedMeaning, field: Field, value: Json, findings: Findings): Json {
  const map = textMappers[meaning]
  if (field.repeated === true && Array.isArray(value)) {
    const shown = value.filter((item) => typeof item === 'string' && findings.visibleExperiments.has(item))
    return shown.map((item) => rewriteNamed(meaning, { type: field.type }, item, findings))
  }
  if (field.type === 'int32' && value instanceof JsonNumber) return new JsonNumber(map(value.text, findings))
  if (typeof value !== 'string') throw unknownAnswer('a value of another type')
  return value === '' ? value : map(value, findings)
}

/** One message of an answer in the caller's names. Fields that no known MLflow version has are left out. */
export function rewriteMessage(messageName: string, message: JsonObject, findings: Findings): JsonObject {
  const { fields } = shapeOf(messageName)
  const meanings = answerMeanings[messageName] ?? {}
  const result: JsonObject = new Map()
  for (const [name, value] of message) {
    const field = fields.get(name)
    if (field === undefined) continue
    const meaning = meanings[name]
    if (meaning === 'withheld') continue
    // A part that is another's, of something that is the caller's.
    if (meaning === 'ownPart' && !isVisible(field.message ?? '', value, findings)) continue
    // A feature that the proxy does not serve.
    if (meaning === 'off') result.set(name, false)
    else if (meaning === 'forAdministrators') result.set(name, value === true && findings.administrator)
    else if (meaning === 'tags') result.set(name, renameTags(value, modelNameOf(findings)))
    else if (meaning === 'traceTags')
      result.set(
        name,
        clientTraceTags(value, modelNameOf(findings), (uri) => location(uri, findings)),
      )
    else if (meaning !== undefined && meaning !== 'ownPart' && value !== null) {
      result.set(name, rewriteNamed(meaning, field, value, findings))
    } else result.set(name, rewriteField(field, value, findings))
  }
  return result
}

/** MLflow's answer to a granted request, in the caller's names and without what they may not see. */
export function rewriteAnswer(grant: Grant, answer: JsonObject): JsonObject {
  const { response } = grant.endpoint
  if (!isVisible(response, answer, grant.findings)) throw hidden(response, answer, grant.findings)
  // What is a row in other answers may be the whole of this one.
  return rewriteMessage(response, answer, findingsWithin(response, answer, grant.findings))
}
