import type { Meaning } from '../../meanings/meaning-table.ts'
import { type EndpointRow, everyUpstream } from '../endpoint.ts'

const trace = { resource: 'trace' } as const
/** A Databricks workspace lacks it. */
const openSource = { upstreams: ['mlflow'] } as const
const v2 = { ...trace, api: '2.0' } as const
const v3 = { ...trace, api: '3.0' } as const
const search = { rows: 'traces', pageSize: 100, maxPageSize: 500, nameColumn: null } as const
const deletion = {
  method: 'POST', path: '/mlflow/traces/delete-traces', action: 'delete', required: ['experiment_id'],
  fields: { experiment_id: 'experiment', max_timestamp_millis: 'free', max_traces: 'free', request_ids: 'tracesToSearch' },
} as const

/** An assessment wherever it stands; MLflow takes the trace from the path or from around it. */
const assessment = (at: string): Record<string, Meaning> => ({
  [`${at}.trace_id`]: 'trace', [`${at}.assessment_id`]: 'assessmentId', [`${at}.metadata`]: 'traceTags',
  // With an issue beside it, this is the id.
  [`${at}.assessment_name`]: 'relatedIssue', [`${at}.issue.issue_name`]: 'free',
  ...Object.fromEntries([
    'create_time', 'last_update_time', 'error', 'expectation', 'feedback', 'rationale', 'source', 'span_id',
    // MLflow looks for it in the assessment's own trace alone.
    'overrides', 'valid',
  ].map((name) => [`${at}.${name}`, 'free' as const])),
})
const span = 'resource_spans[].scope_spans[].spans[]'
const ofTrace = { ...v3, path: '/mlflow/traces/{trace_id}/assessments' } as const
const one = { ...v3, path: '/mlflow/traces/{trace_id}/assessments/{assessment_id}' } as const

export const traceEndpoints = {
  // Also for traces that there are: it overwrites them, wherever they are.
  startTrace: {
    upstreams: everyUpstream,
    ...v3, method: 'POST', path: '/mlflow/traces', request: 'mlflow.StartTraceV3', response: 'mlflow.StartTraceV3.Response', action: 'update',
    fields: {
      'trace.trace_info.trace_id': 'newTrace',
      'trace.trace_info.trace_location.mlflow_experiment.experiment_id': 'experiment',
      'trace.trace_info.trace_location.inference_table': 'notServed', 'trace.trace_info.trace_location.type': 'free',
      'trace.trace_info.tags': 'traceTags', 'trace.trace_info.trace_metadata': 'traceTags',
      ...Object.fromEntries([
        'client_request_id', 'execution_duration', 'request', 'request_preview', 'request_time', 'response', 'response_preview', 'state',
      ].map((name) => [`trace.trace_info.${name}`, 'free' as const])),
      ...assessment('trace.trace_info.assessments[]'),
      // No server reads them here.
      'trace.spans': 'notServed',
    },
    required: ['trace', 'trace.trace_info.trace_id', 'trace.trace_info.trace_location.mlflow_experiment.experiment_id'],
  },
  startTraceV2: {
    upstreams: everyUpstream,
    ...v2, method: 'POST', path: '/mlflow/traces', request: 'mlflow.StartTrace', response: 'mlflow.StartTrace.Response', action: 'create',
    fields: { experiment_id: 'experiment', timestamp_ms: 'free', request_metadata: 'traceTags', tags: 'traceTags' },
    required: ['experiment_id'],
  },
  endTraceV2: {
    ...v2, upstreams: everyUpstream, method: 'PATCH', path: '/mlflow/traces/{request_id}', action: 'update',
    fields: { request_id: 'trace', timestamp_ms: 'free', status: 'free', request_metadata: 'traceTags', tags: 'traceTags' },
    required: ['request_id'],
  },
  getTraceInfo: {
    ...v3, upstreams: everyUpstream, method: 'GET', path: '/mlflow/traces/{trace_id}', action: 'read',
    fields: { trace_id: 'trace' }, required: ['trace_id'],
  },
  getTraceInfoV2: {
    ...v2, upstreams: everyUpstream, method: 'GET', path: '/mlflow/traces/{request_id}/info', action: 'read',
    fields: { request_id: 'trace' }, required: ['request_id'],
  },
  getTrace: {
    ...v3, upstreams: everyUpstream, method: 'GET', path: '/mlflow/traces/get', action: 'read',
    fields: { trace_id: 'trace', allow_partial: 'free' }, required: ['trace_id'],
  },
  batchGetTraces: {
    ...v3, upstreams: everyUpstream, method: 'GET', path: '/mlflow/traces/batchGet', action: 'read',
    fields: { trace_ids: 'tracesToSearch', experiment_ids: 'experiments' }, required: ['trace_ids'],
  },
  batchGetTraceInfos: {
    ...v3, upstreams: everyUpstream, method: 'POST', path: '/mlflow/traces/batchGetInfos', action: 'read', repeatable: true,
    fields: { trace_ids: 'tracesToSearch', experiment_ids: 'experiments' }, required: ['trace_ids'],
  },
  searchTraces: {
    ...v3, upstreams: everyUpstream, method: 'POST', path: '/mlflow/traces/search', action: 'search', search,
    fields: { locations: 'locationsToSearch', filter: 'traceFilter', max_results: 'maxResults', order_by: 'orderBy', page_token: 'pageToken' },
    required: ['locations'],
  },
  searchTracesV2: {
    ...v2, upstreams: everyUpstream, method: 'GET', path: '/mlflow/traces', action: 'search', search,
    fields: {
      experiment_ids: 'experimentsToSearch', filter: 'traceFilter', max_results: 'maxResults', order_by: 'orderBy', page_token: 'pageToken',
    },
    required: ['experiment_ids'],
  },
  deleteTraces: { ...v2, ...deletion, upstreams: everyUpstream, request: 'mlflow.DeleteTraces', response: 'mlflow.DeleteTraces.Response' },
  deleteTracesV3: { ...v3, ...deletion, upstreams: everyUpstream, request: 'mlflow.DeleteTracesV3', response: 'mlflow.DeleteTracesV3.Response' },
  setTraceTag: {
    ...v3, upstreams: everyUpstream, method: 'PATCH', path: '/mlflow/traces/{trace_id}/tags', action: 'update', repeatable: true,
    fields: { trace_id: 'trace', key: 'traceTagKey', value: 'traceTag' }, required: ['trace_id', 'key'],
  },
  setTraceTagV2: {
    ...v2, upstreams: everyUpstream, method: 'PATCH', path: '/mlflow/traces/{request_id}/tags', action: 'update', repeatable: true,
    fields: { request_id: 'trace', key: 'traceTagKey', value: 'traceTag' }, required: ['request_id', 'key'],
  },
  deleteTraceTag: {
    ...v3, upstreams: everyUpstream, method: 'DELETE', path: '/mlflow/traces/{trace_id}/tags', action: 'update',
    fields: { trace_id: 'trace', key: 'free' }, required: ['trace_id', 'key'],
  },
  deleteTraceTagV2: {
    ...v2, upstreams: everyUpstream, method: 'DELETE', path: '/mlflow/traces/{request_id}/tags', action: 'update',
    fields: { request_id: 'trace', key: 'free' }, required: ['request_id', 'key'],
  },
  linkTracesToRun: {
    ...v2, upstreams: everyUpstream, method: 'POST', path: '/mlflow/traces/link-to-run', action: 'update', repeatable: true,
    // Clients link a trace before it has arrived.
    awaited: true, fields: { trace_ids: 'trace', run_id: 'run' }, required: ['trace_ids', 'run_id'],
  },
  linkPromptsToTrace: {
    ...v2, ...openSource, method: 'POST', path: '/mlflow/traces/link-prompts', action: 'update', repeatable: true,
    fields: { trace_id: 'trace', 'prompt_versions[].name': 'relatedModelName', 'prompt_versions[].version': 'version' },
    required: ['trace_id', 'prompt_versions', 'prompt_versions[].version'],
  },
  createAssessment: {
    ...ofTrace, upstreams: everyUpstream, method: 'POST', action: 'create',
    fields: { trace_id: 'trace', ...assessment('assessment') }, required: ['trace_id', 'assessment'],
  },
  getAssessment: {
    ...one, upstreams: everyUpstream, method: 'GET', action: 'read',
    fields: { trace_id: 'trace', assessment_id: 'free' }, required: ['trace_id', 'assessment_id'],
  },
  updateAssessment: {
    ...one, upstreams: everyUpstream, method: 'PATCH', action: 'update', repeatable: true,
    fields: { trace_id: 'trace', assessment_id: 'free', ...assessment('assessment'), update_mask: 'free' },
    required: ['trace_id', 'assessment_id', 'assessment', 'update_mask'],
  },
  deleteAssessment: {
    ...one, upstreams: everyUpstream, method: 'DELETE', action: 'delete',
    fields: { trace_id: 'trace', assessment_id: 'free' }, required: ['trace_id', 'assessment_id'],
  },
  queryTraceMetrics: {
    ...v3, ...openSource, method: 'POST', path: '/mlflow/traces/metrics', action: 'read', repeatable: true,
    fields: {
      // Counted are traces of these experiments only, whatever the filters say.
      experiment_ids: 'experiments', filters: 'free', view_type: 'free', metric_name: 'free', aggregations: 'free', dimensions: 'free',
      start_time_ms: 'free', end_time_ms: 'free', time_interval_seconds: 'free', max_results: 'maxResults', page_token: 'pageToken',
    },
    required: ['experiment_ids'],
  },
  calculateTraceFilterCorrelation: {
    ...v3, ...openSource, method: 'POST', path: '/mlflow/traces/calculate-filter-correlation', action: 'read', repeatable: true,
    fields: { experiment_ids: 'experiments', filter_string1: 'traceFilter', filter_string2: 'traceFilter', base_filter: 'traceFilter' },
    required: ['experiment_ids', 'filter_string1', 'filter_string2'],
  },
  exportSpans: {
    ...trace, ...openSource, method: 'POST', path: '/v1/traces', action: 'update', repeatable: true, body: 'otlp',
    request: 'handmade.ExportSpans', response: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse',
    fields: {
      experiment_id: 'experiment', run_id: 'run',
      'resource_spans[].resource': 'resourceAttributes', 'resource_spans[].schema_url': 'free',
      'resource_spans[].scope_spans[].scope': 'free', 'resource_spans[].scope_spans[].schema_url': 'free',
      [`${span}.trace_id`]: 'newTrace', [`${span}.attributes`]: 'spanAttributes', [`${span}.links[].trace_id`]: 'relatedTrace',
      ...Object.fromEntries([
        'span_id', 'parent_span_id', 'name', 'kind', 'trace_state', 'flags', 'start_time_unix_nano', 'end_time_unix_nano', 'status', 'events',
        'dropped_attributes_count', 'dropped_events_count', 'dropped_links_count',
        'links[].span_id', 'links[].trace_state', 'links[].flags', 'links[].attributes', 'links[].dropped_attributes_count',
      ].map((name) => [`${span}.${name}`, 'free' as const])),
    },
    required: ['experiment_id', 'resource_spans'],
  },
  getTraceArtifact: {
    ...trace, ...openSource, method: 'GET', path: '/mlflow/get-trace-artifact', action: 'read', bytes: 'down', request: 'handmade.GetTraceArtifact',
    fields: { request_id: 'trace', path: 'relativePath' }, required: ['request_id'],
  },
} as const satisfies Record<string, EndpointRow>
