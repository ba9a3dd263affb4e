import { idIn } from '../../policy/checks/search/answer-rows.ts'
import { isInProduction } from '../../policy/environments/production.ts'
import { managesProduction } from '../../policy/evaluation-context.ts'
import type { Findings } from '../../policy/grant.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { textsOf } from '../../policy/messages/message-fields.ts'
import { ownerOf } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { unknownAnswer } from './answer-texts.ts'
import { visibleGateway } from './gateway-answer.ts'
import { visibleServing } from './serving-answer.ts'

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

/** The refusal of an answer that is one row, and not the caller's to see. */
export function hidden(messageName: string, row: JsonObject, findings: Findings): Refusal {
  if (/\.ModelVersion(Databricks)?$/.test(messageName) && inProduction(row, findings)) {
    return new Refusal(
      'production-version',
      'This version is in production, which only callers of a production environment may use.',
    )
  }
  return unknownAnswer(`a ${messageName.replace('mlflow.', '')} of another environment`)
}
