import { type Declarations, inExperiment, partOf, passes } from '../declaration.ts'
import { itself, ownTags, pointedAt } from './passed-fields.ts'

const text = passes('free text in its experiment')
const inside = passes('an id in the experiment that was judged')
const experiment = { owner: inExperiment('experiment_id') } as const

/** Data sets, scorers, issues, label schemas and review queues. */
export const genaiMessages: Declarations = {
  'mlflow.datasets.Dataset': {
    owner: { by: 'datasetId', field: 'dataset_id', experiments: 'experiment_ids' },
    fields: { experiment_ids: 'experimentId', dataset_id: itself, name: text, tags: ownTags },
  },
  'mlflow.GetDatasetExperimentIds.Response': {
    owner: partOf('the data set that was asked for'),
    fields: { experiment_ids: 'experimentId' },
  },
  'mlflow.Scorer': {
    ...experiment,
    fields: { experiment_id: 'experimentId', serialized_scorer: 'scorerText', scorer_id: itself, scorer_name: text },
  },
  'mlflow.RegisterScorer.Response': {
    ...experiment,
    fields: { experiment_id: 'experimentId', serialized_scorer: 'scorerText', scorer_id: itself, name: text },
  },
  'handmade.OnlineScoringConfig': {
    ...experiment,
    fields: { experiment_id: 'experimentId', online_scoring_config_id: itself, scorer_id: inside },
  },
  'mlflow.issues.Issue': {
    ...experiment,
    fields: { experiment_id: 'experimentId', issue_id: itself, name: text, source_run_id: pointedAt },
  },
  'mlflow.label_schemas.LabelSchema': {
    ...experiment,
    fields: { experiment_id: 'experimentId', schema_id: itself, name: text },
  },
  'mlflow.review_queues.ReviewQueue': {
    ...experiment,
    fields: { experiment_id: 'experimentId', queue_id: itself, name: text, schema_ids: inside },
  },
  'mlflow.review_queues.ReviewQueueItem': {
    owner: partOf('the review queue that was asked for'),
    fields: { item_id: inside, queue_id: inside },
  },
}
