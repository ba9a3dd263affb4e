import { type Declarations, inExperiment, partOf, passes } from '../declaration.ts'
import { itself, ownData, ownTags, person, pointedAt } from './passed-fields.ts'

const asked = passes('the run that was asked for')
const measured = { dataset_name: ownData, model_id: pointedAt, run_id: pointedAt }

export const runMessages: Declarations = {
  'mlflow.Run': { owner: inExperiment('info', 'experiment_id'), fields: {} },
  'mlflow.RunInfo': {
    owner: inExperiment('experiment_id'),
    fields: {
      experiment_id: 'experimentId',
      artifact_uri: 'location',
      run_id: itself,
      run_uuid: itself,
      run_name: passes('a run’s name is free text in its experiment'),
      user_id: person,
    },
  },
  'mlflow.RunData': { owner: partOf('a run'), fields: { tags: 'tags' } },
  'mlflow.Metric': { owner: partOf('a run or logged model'), fields: measured },
  'mlflow.MetricWithRunId': { owner: partOf('a run that was asked for'), fields: { run_id: asked } },
  'handmade.MetricOfRun': { owner: partOf('a run that was asked for'), fields: { run_id: asked } },
  'mlflow.DatasetInput': { owner: partOf('a run'), fields: { tags: ownTags } },
  'mlflow.Dataset': {
    owner: partOf('a run'),
    fields: { name: ownData, source: passes('what a client says of its own data; MLflow does not open it') },
  },
  'mlflow.DatasetSummary': {
    owner: inExperiment('experiment_id'),
    fields: { experiment_id: 'experimentId', name: ownData },
  },
  'mlflow.ModelInput': { owner: partOf('a run'), fields: { model_id: pointedAt } },
  'mlflow.ModelOutput': { owner: partOf('a run'), fields: { model_id: pointedAt } },
}
