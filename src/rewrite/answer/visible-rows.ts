import { idIn } from '../../policy/checks/search/answer-rows.ts'
import { isInProduction } from '../../policy/environments/production.ts'
import { managesProduction } from '../../policy/evaluation-context.ts'
import type { GrantContext } from '../../policy/grant.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { textsOf } from '../../policy/messages/message-fields.ts'
import { ownerOf } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { unknownAnswer } from './answer-texts.ts'
import { visibleGateway } from './gateway-answer.ts'
import { visibleServing } from './serving-answer.ts'

function isVisibleVersion(row: JsonObject, context: GrantContext): boolean {
  if (!ownedByScope('model', row, context)) return false
  return managesProduction(context.environment) || !inProduction(row, context)
}

function inProduction(row: JsonObject, { config }: GrantContext): boolean {
  const listed = row.get('aliases')
  // Unity Catalog says with each alias at which version it points.
  const aliases = (Array.isArray(listed) ? listed : []).flatMap((each) =>
    textsOf((each instanceof Map ? each.get('alias') : each) ?? null),
  )
  return isInProduction(config, { stage: row.get('current_stage') === 'Production' ? 'Production' : 'None', aliases })
}

function inExperiment(info: Json | undefined, { visibleExperiments, admitted }: GrantContext): boolean {
  const id = info instanceof Map ? idIn(info, 'experiment_id') : null
  return id !== null && (visibleExperiments.has(id) || admitted.has(id))
}

/** A new data set is told by its experiments, any other by what was found out of them. */
function isVisibleDataset(row: JsonObject, { visibleExperiments, admitted }: GrantContext): boolean {
  if (admitted.has(idIn(row, 'dataset_id') ?? '')) return true
  const experiments = textsOf(row.get('experiment_ids') ?? [])
  return experiments.length > 0 && experiments.every((id) => visibleExperiments.has(id))
}

function experimentOfTrace(row: JsonObject): Json | undefined {
  const place = row.get('trace_location')
  return place instanceof Map ? place.get('mlflow_experiment') : undefined
}

function ownedByScope(kind: 'model' | 'experiment', row: JsonObject, { config, scope }: GrantContext): boolean {
  const name = row.get('name')
  return typeof name === 'string' && ownerOf(config, kind, name)?.owner.name === scope.name
}

/** Whether the caller may see a row at all. Entities that are not here have no owner of their own. */
const visible: Readonly<Record<string, (row: JsonObject, context: GrantContext) => boolean>> = {
  'mlflow.Experiment': (row, context) => ownedByScope('experiment', row, context),
  'mlflow.RegisteredModel': (row, context) => ownedByScope('model', row, context),
  'mlflow.ModelVersion': isVisibleVersion,
  'mlflow.LoggedModelRegistrationInfo': (row, context) => ownedByScope('model', row, { ...context, scope: context.environment }),
  'mlflow.ucmodelregistry.RegisteredModel': (row, context) => ownedByScope('model', row, context),
  'mlflow.ucmodelregistry.ModelVersion': isVisibleVersion,
  'databricks.ModelDatabricks': (row, context) => ownedByScope('model', row, context),
  'databricks.ModelVersionDatabricks': isVisibleVersion,
  // A webhook without a model listens to every environment's.
  'databricks.RegistryWebhook': (row, context) =>
    ownedByScope('model', new Map([['name', row.get('model_name') ?? null]]), { ...context, scope: context.environment }),
  ...visibleServing,
  ...visibleGateway,
  'mlflow.Run': (row, context) => inExperiment(row.get('info'), context),
  'mlflow.RunInfo': (row, context) => inExperiment(row, context),
  'mlflow.DatasetSummary': inExperiment,
  'mlflow.datasets.Dataset': isVisibleDataset,
  'mlflow.Scorer': inExperiment,
  'mlflow.RegisterScorer.Response': inExperiment,
  'handmade.OnlineScoringConfig': inExperiment,
  'mlflow.issues.Issue': inExperiment,
  'mlflow.label_schemas.LabelSchema': inExperiment,
  'mlflow.review_queues.ReviewQueue': inExperiment,
  'mlflow.TraceInfo': (row, context) => inExperiment(row, context),
  'mlflow.TraceInfoV3': (row, context) => inExperiment(experimentOfTrace(row), context),
  'mlflow.LoggedModel': (row, context) => inExperiment(row.get('info'), context),
}

/** Whether rows of this message have an owner of their own. */
export function hasOwnVisibility(messageName: string): boolean {
  return messageName in visible
}

/** Whether the caller may see a row of this message. */
export function isVisible(messageName: string, row: Json, context: GrantContext): row is JsonObject {
  return row instanceof Map && (visible[messageName]?.(row, context) ?? true)
}

/** The refusal of an answer that is one row, and not the caller's to see. */
export function hidden(messageName: string, row: JsonObject, context: GrantContext): Refusal {
  if (/\.ModelVersion(Databricks)?$/.test(messageName) && inProduction(row, context)) {
    return new Refusal(
      'production-version',
      'This version is in production, which only callers of a production environment may use.',
    )
  }
  return unknownAnswer(`a ${messageName.replace('mlflow.', '')} of another environment`)
}
