import { type EndpointRow, rowsOf } from '../endpoint.ts'

const scorer = rowsOf('scorer', ['mlflow'])
const scorerId = { experiment_id: 'experiment', name: 'free' } as const
const byScorer = ['experiment_id', 'name']
const issue = rowsOf('issue', ['mlflow'])
const issueText = {
  name: 'free', description: 'free', status: 'free', severity: 'free', categories: 'free', last_seen_timestamp: 'free', metadata: 'free',
} as const
const labelSchema = rowsOf('labelSchema', ['mlflow'])
const schemaText = { name: 'free', instruction: 'free', enable_comment: 'free', input: 'free' } as const
const queue = rowsOf('reviewQueue', ['mlflow'])
const queueId = { queue_id: 'reviewQueue' } as const
const byQueue = ['queue_id']
const page = { max_results: 'maxResults', page_token: 'pageToken' } as const

/** What judges traces: scorers, issues found in them, and what people are asked about them. All of it belongs to one experiment. */
export const genaiEndpoints = {
  registerScorer: scorer('POST', '/mlflow/scorers/register', 'create',
    { ...scorerId, serialized_scorer: 'scorerJson' }, ['experiment_id', 'name', 'serialized_scorer']),
  listScorers: scorer('GET', '/mlflow/scorers/list', 'read',
    { experiment_id: 'experiment', experiment_ids: 'experimentsToSearch' }, [], { anyExperiment: true }),
  listScorerVersions: scorer('GET', '/mlflow/scorers/versions', 'read', scorerId, byScorer),
  getScorer: scorer('GET', '/mlflow/scorers/get', 'read', { ...scorerId, version: 'free' }, byScorer),
  deleteScorer: scorer('DELETE', '/mlflow/scorers/delete', 'delete', { ...scorerId, version: 'free' }, byScorer),
  getOnlineScoringConfigs: scorer('GET', '/mlflow/scorers/online-configs', 'read', { scorer_ids: 'scorersToRead' }, ['scorer_ids'],
    { anyExperiment: true, request: 'handmade.GetOnlineScoringConfigs', response: 'handmade.GetOnlineScoringConfigs.Response' }),
  upsertOnlineScoringConfig: scorer('PUT', '/mlflow/scorers/online-config', 'update',
    { ...scorerId, sample_rate: 'free', filter_string: 'free' }, ['experiment_id', 'name', 'sample_rate'],
    { request: 'handmade.UpsertOnlineScoringConfig', response: 'handmade.UpsertOnlineScoringConfig.Response' }),
  createIssue: issue('POST', '/mlflow/issues', 'create', {
    experiment_id: 'experiment', issue_id: 'newIssue', source_run_id: 'relatedRun', ...issueText, root_causes: 'free', created_by: 'free',
  }, ['name', 'description', 'experiment_id']),
  getIssue: issue('GET', '/mlflow/issues/{issue_id}', 'read', { issue_id: 'issue' }, ['issue_id']),
  updateIssue: issue('PATCH', '/mlflow/issues/{issue_id}', 'update',
    { issue_id: 'issue', ...issueText, delete_metadata_keys: 'free', last_updated_by: 'free' }, ['issue_id']),
  searchIssues: issue('POST', '/mlflow/issues/search', 'search', {
    experiment_id: 'experiment', filter_string: 'filter', name: 'free', statuses: 'free', severities: 'free', categories: 'free',
    view: 'free', include_trace_count: 'free', include_total_count: 'free', order_by: 'orderBy', ...page,
  }, [], { anyExperiment: true, search: { rows: 'issues', total: 'total_count', pageSize: 100, maxPageSize: 50000, nameColumn: null } }),
  createLabelSchema: labelSchema('POST', '/mlflow/label-schemas/create', 'create',
    { experiment_id: 'experiment', type: 'free', ...schemaText }, ['experiment_id', 'name']),
  getLabelSchema: labelSchema('GET', '/mlflow/label-schemas/get', 'read', { schema_id: 'labelSchema' }, ['schema_id']),
  getLabelSchemaByName: labelSchema('GET', '/mlflow/label-schemas/get-by-name', 'read',
    { experiment_id: 'experiment', name: 'free' }, ['experiment_id', 'name']),
  listLabelSchemas: labelSchema('GET', '/mlflow/label-schemas/list', 'read', { experiment_id: 'experiment', ...page }, ['experiment_id']),
  updateLabelSchema: labelSchema('PATCH', '/mlflow/label-schemas/update', 'update',
    { schema_id: 'labelSchema', ...schemaText }, ['schema_id']),
  deleteLabelSchema: labelSchema('DELETE', '/mlflow/label-schemas/delete', 'delete', { schema_id: 'labelSchema' }, ['schema_id']),
  createReviewQueue: queue('POST', '/mlflow/review-queues/create', 'create', {
    experiment_id: 'experiment', name: 'free', queue_type: 'free', users: 'free', schema_ids: 'labelSchemas', created_by: 'free',
  }, ['experiment_id', 'name']),
  getOrCreateUserQueue: queue('POST', '/mlflow/review-queues/get-or-create-user', 'create',
    { experiment_id: 'experiment', user: 'free', created_by: 'free' }, ['experiment_id', 'user']),
  getReviewQueue: queue('GET', '/mlflow/review-queues/get', 'read', queueId, byQueue),
  getReviewQueueByName: queue('GET', '/mlflow/review-queues/get-by-name', 'read',
    { experiment_id: 'experiment', name: 'free' }, ['experiment_id', 'name']),
  // An item is looked for among those of the experiment's own queues.
  listReviewQueues: queue('GET', '/mlflow/review-queues/list', 'read',
    { experiment_id: 'experiment', user: 'free', item_id: 'free', ...page }, ['experiment_id']),
  updateReviewQueue: queue('POST', '/mlflow/review-queues/update', 'update', {
    queue_id: 'reviewQueue', name: 'free', new_owner: 'free', users: 'free', update_users: 'free', schema_ids: 'labelSchemas',
    update_schema_ids: 'free',
  }, byQueue),
  deleteReviewQueue: queue('POST', '/mlflow/review-queues/delete', 'delete', queueId, byQueue),
  addReviewQueueItems: queue('POST', '/mlflow/review-queues/items/add', 'update',
    { ...queueId, item_ids: 'trace', item_type: 'free' }, byQueue),
  // Items are told by their queue and their trace's id: what is not in the queue is not there.
  removeReviewQueueItems: queue('POST', '/mlflow/review-queues/items/remove', 'update', { ...queueId, item_ids: 'free' }, byQueue),
  listReviewQueueItems: queue('GET', '/mlflow/review-queues/items/list', 'read', { ...queueId, status: 'free', ...page }, byQueue),
  setReviewQueueItemStatus: queue('POST', '/mlflow/review-queues/items/set-status', 'update',
    { ...queueId, item_id: 'free', status: 'free', completed_by: 'free' }, ['queue_id', 'item_id']),
} satisfies Record<string, EndpointRow>
