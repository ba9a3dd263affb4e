const own = 'the id of the row itself, whose experiment was judged'
const text = 'free text in its experiment'
const inside = 'an id in the experiment that was judged'

/** Fields of data sets, scorers, issues, label schemas and review queues that pass as they are, each with the reason. */
export const reviewedGenaiFields: Readonly<Record<string, string>> = {
  'handmade.OnlineScoringConfig.online_scoring_config_id': own,
  'handmade.OnlineScoringConfig.scorer_id': inside,
  'mlflow.DatasetSummary.name': 'what a client says of its own data',
  'mlflow.RegisterScorer.Response.name': text,
  'mlflow.RegisterScorer.Response.scorer_id': own,
  'mlflow.Scorer.scorer_id': own,
  'mlflow.Scorer.scorer_name': text,
  'mlflow.datasets.Dataset.dataset_id': own,
  'mlflow.datasets.Dataset.name': text,
  'mlflow.datasets.Dataset.tags': 'what the caller’s own environment wrote; ids in it were judged when they were written',
  'mlflow.issues.Issue.issue_id': own,
  'mlflow.issues.Issue.name': text,
  'mlflow.issues.Issue.source_run_id': 'an id that was judged when it was written, and opens nothing by itself',
  'mlflow.label_schemas.LabelSchema.name': text,
  'mlflow.label_schemas.LabelSchema.schema_id': own,
  'mlflow.review_queues.ReviewQueue.name': text,
  'mlflow.review_queues.ReviewQueue.queue_id': own,
  'mlflow.review_queues.ReviewQueue.schema_ids': inside,
  'mlflow.review_queues.ReviewQueueItem.item_id': inside,
  'mlflow.review_queues.ReviewQueueItem.queue_id': inside,
}
