import type { EndpointRow } from '../endpoint.ts'

const scorer = { resource: 'scorer', upstreams: ['mlflow'] } as const
const scorerId = { experiment_id: 'experiment', name: 'free' } as const
const byScorer = { required: ['experiment_id', 'name'] } as const
const issue = { resource: 'issue', upstreams: ['mlflow'] } as const
const issueText = {
  name: 'free', description: 'free', status: 'free', severity: 'free', categories: 'free', last_seen_timestamp: 'free', metadata: 'free',
} as const
const schema = { resource: 'labelSchema', upstreams: ['mlflow'] } as const
const schemaText = { name: 'free', instruction: 'free', enable_comment: 'free', input: 'free' } as const
const queue = { resource: 'reviewQueue', upstreams: ['mlflow'] } as const
const byQueue = { required: ['queue_id'] } as const
const page = { max_results: 'maxResults', page_token: 'pageToken' } as const

/** What judges traces: scorers, issues found in them, and what people are asked about them. All of it belongs to one experiment. */
export const genaiEndpoints = {
  registerScorer: {
    ...scorer, method: 'POST', path: '/mlflow/scorers/register', action: 'create',
    fields: { ...scorerId, serialized_scorer: 'scorerJson' }, required: ['experiment_id', 'name', 'serialized_scorer'],
  },
  listScorers: {
    ...scorer, method: 'GET', path: '/mlflow/scorers/list', action: 'read', anyExperiment: true,
    fields: { experiment_id: 'experiment', experiment_ids: 'experimentsToSearch' }, required: [],
  },
  listScorerVersions: {
    ...scorer, method: 'GET', path: '/mlflow/scorers/versions', action: 'read', fields: scorerId, ...byScorer,
  },
  getScorer: {
    ...scorer, method: 'GET', path: '/mlflow/scorers/get', action: 'read', fields: { ...scorerId, version: 'free' }, ...byScorer,
  },
  deleteScorer: {
    ...scorer, method: 'DELETE', path: '/mlflow/scorers/delete', action: 'delete', fields: { ...scorerId, version: 'free' }, ...byScorer,
  },
  getOnlineScoringConfigs: {
    ...scorer, method: 'GET', path: '/mlflow/scorers/online-configs', action: 'read', anyExperiment: true,
    request: 'handmade.GetOnlineScoringConfigs', response: 'handmade.GetOnlineScoringConfigs.Response',
    fields: { scorer_ids: 'scorersToRead' }, required: ['scorer_ids'],
  },
  upsertOnlineScoringConfig: {
    ...scorer, method: 'PUT', path: '/mlflow/scorers/online-config', action: 'update',
    request: 'handmade.UpsertOnlineScoringConfig', response: 'handmade.UpsertOnlineScoringConfig.Response',
    fields: { ...scorerId, sample_rate: 'free', filter_string: 'free' }, required: ['experiment_id', 'name', 'sample_rate'],
  },
  createIssue: {
    ...issue, method: 'POST', path: '/mlflow/issues', action: 'create',
    fields: {
      experiment_id: 'experiment', issue_id: 'newIssue', source_run_id: 'relatedRun', ...issueText, root_causes: 'free', created_by: 'free',
    },
    required: ['name', 'description', 'experiment_id'],
  },
  getIssue: {
    ...issue, method: 'GET', path: '/mlflow/issues/{issue_id}', action: 'read', fields: { issue_id: 'issue' }, required: ['issue_id'],
  },
  updateIssue: {
    ...issue, method: 'PATCH', path: '/mlflow/issues/{issue_id}', action: 'update',
    fields: { issue_id: 'issue', ...issueText, delete_metadata_keys: 'free', last_updated_by: 'free' }, required: ['issue_id'],
  },
  searchIssues: {
    ...issue, method: 'POST', path: '/mlflow/issues/search', action: 'search', anyExperiment: true,
    fields: {
      experiment_id: 'experiment', filter_string: 'filter', name: 'free', statuses: 'free', severities: 'free', categories: 'free', view: 'free',
      include_trace_count: 'free', include_total_count: 'free', order_by: 'orderBy', ...page,
    },
    required: [], search: { rows: 'issues', total: 'total_count', pageSize: 100, maxPageSize: 50000, nameColumn: null },
  },
  createLabelSchema: {
    ...schema, method: 'POST', path: '/mlflow/label-schemas/create', action: 'create',
    fields: { experiment_id: 'experiment', type: 'free', ...schemaText }, required: ['experiment_id', 'name'],
  },
  getLabelSchema: {
    ...schema, method: 'GET', path: '/mlflow/label-schemas/get', action: 'read', fields: { schema_id: 'labelSchema' }, required: ['schema_id'],
  },
  getLabelSchemaByName: {
    ...schema, method: 'GET', path: '/mlflow/label-schemas/get-by-name', action: 'read',
    fields: { experiment_id: 'experiment', name: 'free' }, required: ['experiment_id', 'name'],
  },
  listLabelSchemas: {
    ...schema, method: 'GET', path: '/mlflow/label-schemas/list', action: 'read',
    fields: { experiment_id: 'experiment', ...page }, required: ['experiment_id'],
  },
  updateLabelSchema: {
    ...schema, method: 'PATCH', path: '/mlflow/label-schemas/update', action: 'update',
    fields: { schema_id: 'labelSchema', ...schemaText }, required: ['schema_id'],
  },
  deleteLabelSchema: {
    ...schema, method: 'DELETE', path: '/mlflow/label-schemas/delete', action: 'delete',
    fields: { schema_id: 'labelSchema' }, required: ['schema_id'],
  },
  createReviewQueue: {
    ...queue, method: 'POST', path: '/mlflow/review-queues/create', action: 'create',
    fields: {
      experiment_id: 'experiment', name: 'free', queue_type: 'free', users: 'free', schema_ids: 'labelSchemas', created_by: 'free',
    },
    required: ['experiment_id', 'name'],
  },
  getOrCreateUserQueue: {
    ...queue, method: 'POST', path: '/mlflow/review-queues/get-or-create-user', action: 'create',
    fields: { experiment_id: 'experiment', user: 'free', created_by: 'free' }, required: ['experiment_id', 'user'],
  },
  getReviewQueue: {
    ...queue, method: 'GET', path: '/mlflow/review-queues/get', action: 'read', fields: { queue_id: 'reviewQueue' }, ...byQueue,
  },
  getReviewQueueByName: {
    ...queue, method: 'GET', path: '/mlflow/review-queues/get-by-name', action: 'read',
    fields: { experiment_id: 'experiment', name: 'free' }, required: ['experiment_id', 'name'],
  },
  listReviewQueues: {
    ...queue, method: 'GET', path: '/mlflow/review-queues/list', action: 'read',
    // An item is looked for among those of the experiment's own queues.
    fields: { experiment_id: 'experiment', user: 'free', item_id: 'free', ...page }, required: ['experiment_id'],
  },
  updateReviewQueue: {
    ...queue, method: 'POST', path: '/mlflow/review-queues/update', action: 'update',
    fields: {
      queue_id: 'reviewQueue', name: 'free', new_owner: 'free', users: 'free', update_users: 'free', schema_ids: 'labelSchemas',
      update_schema_ids: 'free',
    },
    ...byQueue,
  },
  deleteReviewQueue: {
    ...queue, method: 'POST', path: '/mlflow/review-queues/delete', action: 'delete', fields: { queue_id: 'reviewQueue' }, ...byQueue,
  },
  addReviewQueueItems: {
    ...queue, method: 'POST', path: '/mlflow/review-queues/items/add', action: 'update',
    fields: { queue_id: 'reviewQueue', item_ids: 'trace', item_type: 'free' }, ...byQueue,
  },
  // Items are told by their queue and their trace's id: what is not in the queue is not there.
  removeReviewQueueItems: {
    ...queue, method: 'POST', path: '/mlflow/review-queues/items/remove', action: 'update',
    fields: { queue_id: 'reviewQueue', item_ids: 'free' }, ...byQueue,
  },
  listReviewQueueItems: {
    ...queue, method: 'GET', path: '/mlflow/review-queues/items/list', action: 'read',
    fields: { queue_id: 'reviewQueue', status: 'free', ...page }, ...byQueue,
  },
  setReviewQueueItemStatus: {
    ...queue, method: 'POST', path: '/mlflow/review-queues/items/set-status', action: 'update',
    fields: { queue_id: 'reviewQueue', item_id: 'free', status: 'free', completed_by: 'free' }, required: ['queue_id', 'item_id'],
  },
} as const satisfies Record<string, EndpointRow>
