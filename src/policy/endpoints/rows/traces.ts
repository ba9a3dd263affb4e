import type { Meaning } from '../../meanings/meaning-table.ts'
import { type EndpointRow, everyUpstream, rowsOf } from '../endpoint.ts'

const v3 = rowsOf('trace', everyUpstream, { api: '3.0' })
const v2 = rowsOf('trace', everyUpstream, { api: '2.0' })
/** A Databricks workspace lacks it. */
const onMlflow = rowsOf('trace', ['mlflow'])
const search = { rows: 'traces', pageSize: 100, maxPageSize: 500, nameColumn: null } as const
const deleted = { experiment_id: 'experiment', max_timestamp_millis: 'free', max_traces: 'free', request_ids: 'tracesToSearch' } as const
const assessments = '/mlflow/traces/{trace_id}/assessments'

/** Fields that name nothing, below a place. */
const free = (at: string, ...names: string[]) => Object.fromEntries(names.map((name) => [`${at}.${name}`, 'free' as const]))

/** An assessment wherever it stands; MLflow takes the trace from the path or from around it. */
const assessment = (at: string): Record<string, Meaning> => ({
  [`${at}.trace_id`]: 'trace', [`${at}.assessment_id`]: 'assessmentId', [`${at}.metadata`]: 'traceTags',
  // With an issue beside it, this is the id.
  [`${at}.assessment_name`]: 'relatedIssue', [`${at}.issue.issue_name`]: 'free',
  ...free(at, 'create_time', 'last_update_time', 'error', 'expectation', 'feedback', 'rationale', 'source', 'span_id'),
  // MLflow looks for it in the assessment's own trace alone.
  ...free(at, 'overrides', 'valid'),
})
const span = 'resource_spans[].scope_spans[].spans[]'

export const traceEndpoints = {
  // Also for traces that there are: it overwrites them, wherever they are.
  startTrace: v3('POST', '/mlflow/traces', 'update', {
    'trace.trace_info.trace_id': 'newTrace',
    'trace.trace_info.trace_location.mlflow_experiment.experiment_id': 'experiment',
    'trace.trace_info.trace_location.inference_table': 'notServed', 'trace.trace_info.trace_location.type': 'free',
    'trace.trace_info.tags': 'traceTags', 'trace.trace_info.trace_metadata': 'traceTags',
    ...free('trace.trace_info', 'client_request_id', 'execution_duration', 'request', 'request_preview', 'request_time'),
    ...free('trace.trace_info', 'response', 'response_preview', 'state'),
    ...assessment('trace.trace_info.assessments[]'),
    // No server reads them here.
    'trace.spans': 'notServed',
  }, ['trace', 'trace.trace_info.trace_id', 'trace.trace_info.trace_location.mlflow_experiment.experiment_id'],
    { request: 'mlflow.StartTraceV3', response: 'mlflow.StartTraceV3.Response' }),
  startTraceV2: v2('POST', '/mlflow/traces', 'create',
    { experiment_id: 'experiment', timestamp_ms: 'free', request_metadata: 'traceTags', tags: 'traceTags' }, ['experiment_id'],
    { request: 'mlflow.StartTrace', response: 'mlflow.StartTrace.Response' }),
  endTraceV2: v2('PATCH', '/mlflow/traces/{request_id}', 'update',
    { request_id: 'trace', timestamp_ms: 'free', status: 'free', request_metadata: 'traceTags', tags: 'traceTags' }, ['request_id']),
  getTraceInfo: v3('GET', '/mlflow/traces/{trace_id}', 'read', { trace_id: 'trace' }, ['trace_id']),
  getTraceInfoV2: v2('GET', '/mlflow/traces/{request_id}/info', 'read', { request_id: 'trace' }, ['request_id']),
  getTrace: v3('GET', '/mlflow/traces/get', 'read', { trace_id: 'trace', allow_partial: 'free' }, ['trace_id']),
  batchGetTraces: v3('GET', '/mlflow/traces/batchGet', 'read',
    { trace_ids: 'tracesToSearch', experiment_ids: 'experiments' }, ['trace_ids']),
  batchGetTraceInfos: v3('POST', '/mlflow/traces/batchGetInfos', 'read',
    { trace_ids: 'tracesToSearch', experiment_ids: 'experiments' }, ['trace_ids'], { repeatable: true }),
  searchTraces: v3('POST', '/mlflow/traces/search', 'search',
    { locations: 'locationsToSearch', filter: 'traceFilter', max_results: 'maxResults', order_by: 'orderBy', page_token: 'pageToken' },
    ['locations'], { search }),
  searchTracesV2: v2('GET', '/mlflow/traces', 'search', {
    experiment_ids: 'experimentsToSearch', filter: 'traceFilter', max_results: 'maxResults', order_by: 'orderBy', page_token: 'pageToken',
  }, ['experiment_ids'], { search }),
  deleteTraces: v2('POST', '/mlflow/traces/delete-traces', 'delete',
    deleted, ['experiment_id'], { request: 'mlflow.DeleteTraces', response: 'mlflow.DeleteTraces.Response' }),
  deleteTracesV3: v3('POST', '/mlflow/traces/delete-traces', 'delete',
    deleted, ['experiment_id'], { request: 'mlflow.DeleteTracesV3', response: 'mlflow.DeleteTracesV3.Response' }),
  setTraceTag: v3('PATCH', '/mlflow/traces/{trace_id}/tags', 'update',
    { trace_id: 'trace', key: 'traceTagKey', value: 'traceTag' }, ['trace_id', 'key'], { repeatable: true }),
  setTraceTagV2: v2('PATCH', '/mlflow/traces/{request_id}/tags', 'update',
    { request_id: 'trace', key: 'traceTagKey', value: 'traceTag' }, ['request_id', 'key'], { repeatable: true }),
  deleteTraceTag: v3('DELETE', '/mlflow/traces/{trace_id}/tags', 'update', { trace_id: 'trace', key: 'free' }, ['trace_id', 'key'], { tagKey: 'key' }),
  deleteTraceTagV2: v2('DELETE', '/mlflow/traces/{request_id}/tags', 'update',
    { request_id: 'trace', key: 'free' }, ['request_id', 'key']),
  // Clients link a trace before it has arrived.
  linkTracesToRun: v2('POST', '/mlflow/traces/link-to-run', 'update',
    { trace_ids: 'trace', run_id: 'run' }, ['trace_ids', 'run_id'], { repeatable: true, awaited: true }),
  linkPromptsToTrace: onMlflow('POST', '/mlflow/traces/link-prompts', 'update',
    { trace_id: 'trace', 'prompt_versions[].name': 'relatedModelName', 'prompt_versions[].version': 'version' },
    ['trace_id', 'prompt_versions', 'prompt_versions[].version'], { repeatable: true, api: '2.0' }),
  createAssessment: v3('POST', assessments, 'create', { trace_id: 'trace', ...assessment('assessment') }, ['trace_id', 'assessment']),
  getAssessment: v3('GET', `${assessments}/{assessment_id}`, 'read',
    { trace_id: 'trace', assessment_id: 'free' }, ['trace_id', 'assessment_id']),
  updateAssessment: v3('PATCH', `${assessments}/{assessment_id}`, 'update',
    { trace_id: 'trace', assessment_id: 'free', ...assessment('assessment'), update_mask: 'free' },
    ['trace_id', 'assessment_id', 'assessment', 'update_mask'], { repeatable: true }),
  deleteAssessment: v3('DELETE', `${assessments}/{assessment_id}`, 'delete',
    { trace_id: 'trace', assessment_id: 'free' }, ['trace_id', 'assessment_id']),
  queryTraceMetrics: onMlflow('POST', '/mlflow/traces/metrics', 'read', {
    // Counted are traces of these experiments only, whatever the filters say.
    experiment_ids: 'experiments', filters: 'free', view_type: 'free', metric_name: 'free', aggregations: 'free', dimensions: 'free',
    start_time_ms: 'free', end_time_ms: 'free', time_interval_seconds: 'free', max_results: 'maxResults', page_token: 'pageToken',
  }, ['experiment_ids'], { repeatable: true, api: '3.0' }),
  calculateTraceFilterCorrelation: onMlflow('POST', '/mlflow/traces/calculate-filter-correlation', 'read',
    { experiment_ids: 'experiments', filter_string1: 'traceFilter', filter_string2: 'traceFilter', base_filter: 'traceFilter' },
    ['experiment_ids', 'filter_string1', 'filter_string2'], { repeatable: true, api: '3.0' }),
  exportSpans: onMlflow('POST', '/v1/traces', 'update', {
    experiment_id: 'experiment', run_id: 'run', 'resource_spans[].resource': 'resourceAttributes', 'resource_spans[].schema_url': 'free',
    'resource_spans[].scope_spans[].scope': 'free', 'resource_spans[].scope_spans[].schema_url': 'free', [`${span}.trace_id`]: 'newTrace',
    [`${span}.attributes`]: 'spanAttributes', [`${span}.links[].trace_id`]: 'relatedTrace',
    ...free(span, 'span_id', 'parent_span_id', 'name', 'kind', 'trace_state', 'flags', 'start_time_unix_nano', 'end_time_unix_nano'),
    ...free(span, 'status', 'events', 'dropped_attributes_count', 'dropped_events_count', 'dropped_links_count'),
    ...free(`${span}.links[]`, 'span_id', 'trace_state', 'flags', 'attributes', 'dropped_attributes_count'),
  }, ['experiment_id', 'resource_spans'], {
    repeatable: true, body: 'otlp', request: 'handmade.ExportSpans',
    response: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse',
  }),
  getTraceArtifact: onMlflow('GET', '/mlflow/get-trace-artifact', 'read',
    { request_id: 'trace', path: 'relativePath' }, ['request_id'], { bytes: 'down', request: 'handmade.GetTraceArtifact' }),
} satisfies Record<string, EndpointRow>
