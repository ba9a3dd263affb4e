// biome-ignore-all format: one request a row
import type { Attack } from './attack.ts'

type Row = readonly [name: string, method: string, path: string, json?: unknown]

const [v2, v3] = ['/api/2.0/mlflow', '/api/3.0/mlflow']
const place = (experiment: string) => ({ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experiment } })
const start = (info: object, experiment = '{{exp_acc}}') => ({ trace: { trace_info: { trace_location: place(experiment), request_time: '2026-01-01T00:00:00Z', state: 'OK', ...info } } })
const fresh = 'tr-0000000000000000000000000000beef'
const feedback = { assessment_name: 'good', source: { source_type: 'HUMAN', source_id: 'me' }, feedback: { value: true } }

/** Everything that can be done to a trace by its id; `{{tr}}` is another environment's. */
const subjects: readonly Row[] = [
  ['read a trace', 'GET', `${v3}/traces/{{tr}}`],
  ['read a trace under ajax', 'GET', '/ajax-api/3.0/mlflow/traces/{{tr}}'],
  ['read a trace in the way of MLflow 2', 'GET', `${v2}/traces/{{tr}}/info`],
  ['read a trace with its spans', 'GET', `${v3}/traces/get?trace_id={{tr}}`],
  ['read a trace in camelCase', 'GET', `${v3}/traces/get?traceId={{tr}}`],
  ['read a trace by a body', 'GET', `${v3}/traces/get`, { trace_id: '{{tr}}' }],
  ["read a trace's data", 'GET', '/ajax-api/2.0/mlflow/get-trace-artifact?request_id={{tr}}'],
  ["read a trace's data under 3.0", 'GET', '/ajax-api/3.0/mlflow/get-trace-artifact?request_id={{tr}}'],
  ["read a trace's attachment", 'GET', '/ajax-api/2.0/mlflow/get-trace-artifact?request_id={{tr}}&path=00000000-0000-4000-8000-000000000000'],
  ['tag a trace', 'PATCH', `${v3}/traces/{{tr}}/tags`, { key: 'a', value: 'b' }],
  ['tag a trace in the way of MLflow 2', 'PATCH', `${v2}/traces/{{tr}}/tags`, { key: 'a', value: 'b' }],
  ['untag a trace', 'DELETE', `${v3}/traces/{{tr}}/tags`, { key: 'note' }],
  ['untag a trace in the way of MLflow 2', 'DELETE', `${v2}/traces/{{tr}}/tags`, { key: 'note' }],
  ['end a trace', 'PATCH', `${v2}/traces/{{tr}}`, { timestamp_ms: 1, status: 'OK', tags: [{ key: 'a', value: 'b' }] }],
  ['assess a trace', 'POST', `${v3}/traces/{{tr}}/assessments`, { assessment: feedback }],
  ['read an assessment', 'GET', `${v3}/traces/{{tr}}/assessments/a-1`],
  ['change an assessment', 'PATCH', `${v3}/traces/{{tr}}/assessments/a-1`, { assessment: feedback, update_mask: 'feedback' }],
  ['delete an assessment', 'DELETE', `${v3}/traces/{{tr}}/assessments/a-1`],
  ['link a prompt to a trace', 'POST', `${v2}/traces/link-prompts`, { trace_id: '{{tr}}', prompt_versions: [{ name: 'fraud', version: '1' }] }],
]

/** Other environments' things in requests about own traces. */
const pointers: readonly Row[] = [
  ["an own trace for prod's run", 'POST', `${v2}/traces/link-to-run`, { trace_ids: ['{{tr_acc}}'], run_id: '{{run_prod}}' }],
  ["a new trace in prod's experiment", 'POST', `${v3}/traces`, start({ trace_id: fresh }, '{{exp_prod}}')],
  ["an own trace into prod's experiment", 'POST', `${v3}/traces`, start({ trace_id: '{{tr_acc}}' }, '{{exp_prod}}')],
  ["a trace of MLflow 2 in prod's experiment", 'POST', `${v2}/traces`, { experiment_id: '{{exp_prod}}', timestamp_ms: 1 }],
  ["a new trace of prod's run", 'POST', `${v3}/traces`, start({ trace_id: fresh, trace_metadata: { 'mlflow.sourceRun': '{{run_prod}}' } })],
  ["a new trace of prod's model", 'POST', `${v3}/traces`, start({ trace_id: fresh, trace_metadata: { 'mlflow.modelId': '{{lm_prod}}' } })],
  ["a trace of MLflow 2 of prod's run", 'POST', `${v2}/traces`, { experiment_id: '{{exp_acc}}', timestamp_ms: 1, request_metadata: [{ key: 'mlflow.sourceRun', value: '{{run_prod}}' }] }],
  ["an own trace ended with prod's run", 'PATCH', `${v2}/traces/{{tr_acc}}`, { timestamp_ms: 1, status: 'OK', request_metadata: [{ key: 'mlflow.sourceRun', value: '{{run_prod}}' }] }],
  ["an own trace tagged with prod's run", 'PATCH', `${v3}/traces/{{tr_acc}}/tags`, { key: 'mlflow.sourceRun', value: '{{run_prod}}' }],
  ["an assessment by prod's run", 'POST', `${v3}/traces/{{tr_acc}}/assessments`, { assessment: { ...feedback, metadata: { 'mlflow.assessment.sourceRunId': '{{run_prod}}' } } }],
  ["an assessment that says prod's trace", 'POST', `${v3}/traces/{{tr_acc}}/assessments`, { assessment: { ...feedback, trace_id: '{{tr_prod}}' } }],
  ["a new trace with an assessment of prod's trace", 'POST', `${v3}/traces`, start({ trace_id: fresh, assessments: [{ ...feedback, trace_id: '{{tr_prod}}' }] })],
  ["an own trace with prod's issue", 'POST', `${v3}/traces/{{tr_acc}}/assessments`, { assessment: { assessment_name: '{{iss_prod}}', source: feedback.source, issue: { issue_name: 'x' } } }],
  ["an assessment that is called as prod's issue", 'POST', `${v3}/traces/{{tr_acc}}/assessments`, { assessment: { ...feedback, assessment_name: '{{iss_prod}}' } }],
  ["an assessment renamed to prod's issue", 'PATCH', `${v3}/traces/{{tr_acc}}/assessments/a-1`, { assessment: { assessment_name: '{{iss_prod}}' }, update_mask: 'assessment_name' }],
  ["a new trace with prod's issue", 'POST', `${v3}/traces`, start({ trace_id: fresh, assessments: [{ assessment_name: '{{iss_prod}}', source: feedback.source, issue: { issue_name: 'x' } }] })],
  ["counts of prod's traces", 'POST', `${v3}/traces/metrics`, { experiment_ids: ['{{exp_prod}}'], view_type: 'TRACES', metric_name: 'trace_count', aggregations: [{ aggregation_type: 'COUNT' }] }],
  ["counts of own and prod's traces", 'POST', `${v3}/traces/metrics`, { experiment_ids: ['{{exp_acc}}', '{{exp_prod}}'], view_type: 'TRACES', metric_name: 'trace_count', aggregations: [{ aggregation_type: 'COUNT' }] }],
  ["how prod's traces go together", 'POST', `${v3}/traces/calculate-filter-correlation`, { experiment_ids: ['{{exp_prod}}'], filter_string1: "status = 'OK'", filter_string2: "tags.note LIKE '%'" }],
  ["own traces if they are in prod's experiment", 'POST', `${v3}/traces/batchGetInfos`, { trace_ids: ['{{tr_acc}}'], experiment_ids: ['{{exp_prod}}'] }],
]

/** What nobody may say, of own traces or others'. */
const never: readonly Row[] = [
  ...['mlflow.artifactLocation', 'MLFLOW.ArtifactLocation', ' mlflow.artifactLocation', 'mlflow.artifactLocation ', 'mlflow.trace.spansLocation', 'mlflow.trace.archiveLocation'].flatMap((key): Row[] => [
    [`the tag ${JSON.stringify(key)}`, 'PATCH', `${v3}/traces/{{tr_acc}}/tags`, { key, value: 'mlflow-artifacts:/{{exp_prod}}/traces/{{tr_prod}}/artifacts' }],
    [`the tag ${JSON.stringify(key)} in the way of MLflow 2`, 'PATCH', `${v2}/traces/{{tr_acc}}/tags`, { key, value: 'mlflow-artifacts:/{{exp_prod}}/traces/{{tr_prod}}/artifacts' }],
  ]),
  ['spans of a trace beside its description', 'POST', `${v3}/traces`, { trace: { ...start({ trace_id: '{{tr_acc}}' }).trace, spans: [{ trace_id: 'AAAA', name: 'x' }] } }],
  ['a trace in a table', 'POST', `${v3}/traces`, { trace: { trace_info: { trace_id: fresh, trace_location: { type: 'INFERENCE_TABLE', inference_table: { full_table_name: 'a.b.c' } } } } }],
  ['a search in a table', 'POST', `${v3}/traces/search`, { locations: [{ type: 'INFERENCE_TABLE', inference_table: { full_table_name: 'a.b.c' } }] }],
  ['a trace without an id', 'POST', `${v3}/traces`, start({})],
  ['a trace with an empty id', 'POST', `${v3}/traces`, start({ trace_id: '' })],
  ['a trace nowhere', 'POST', `${v3}/traces`, { trace: { trace_info: { trace_id: fresh } } }],
  ['a deletion by ids and by time', 'POST', `${v2}/traces/delete-traces`, { experiment_id: '{{exp_acc}}', request_ids: ['{{tr_prod}}'], max_timestamp_millis: 9_000_000_000_000 }],
  ['a deletion of some of these', 'POST', `${v2}/traces/delete-traces`, { experiment_id: '{{exp_acc}}', request_ids: ['{{tr_prod}}'], max_traces: 5 }],
  ["a prompt of prod's", 'POST', `${v2}/traces/link-prompts`, { trace_id: '{{tr_acc}}', prompt_versions: [{ name: 'fraud', version: '1' }, { name: '{{m_prod}}', version: '1' }] }],
  ["a tag with a prompt of prod's", 'PATCH', `${v3}/traces/{{tr_acc}}/tags`, { key: 'mlflow.linkedPrompts', value: '[{"name": "{{m_prod}}", "version": "1"}]' }],
  ["a new trace with a prompt of prod's", 'POST', `${v3}/traces`, start({ trace_id: fresh, tags: { 'mlflow.linkedPrompts': '[{"name": "{{m_prod}}", "version": "1"}]' } })],
  ...[' {{tr_prod}}', '{{tr_prod}} ', '{{tr_prod}}\u200b', '../{{tr_prod}}', '{{tr_prod}}%', '.', '..', 'trace:/a.b/c'].map((id): Row => [`a new trace named ${JSON.stringify(id)}`, 'POST', `${v3}/traces`, start({ trace_id: id })]),
]

/** What is foreign is passed over like what is absent: the answers are MLflow's for nothing. */
const nothing: readonly Row[] = [
  ["search in prod's experiment", 'POST', `${v3}/traces/search`, { locations: [place('{{exp_prod}}')] }],
  ['search in both experiments', 'POST', `${v3}/traces/search`, { locations: [place('{{exp_prod}}'), place('{{exp_acc}}')] }],
  ["search prod's in the way of MLflow 2", 'GET', `${v2}/traces?experiment_ids={{exp_prod}}`],
  ['search both in the way of MLflow 2', 'GET', `${v2}/traces?experiment_ids={{exp_prod}}&experiment_ids={{exp_acc}}`],
  ["search for prod's trace", 'POST', `${v3}/traces/search`, { locations: [place('{{exp_acc}}')], filter: "request_id = '{{tr_prod}}'" }],
  ["search for prod's run", 'POST', `${v3}/traces/search`, { locations: [place('{{exp_acc}}')], filter: "run_id = '{{run_prod}}'" }],
  ["search for prod's prompt", 'POST', `${v3}/traces/search`, { locations: [place('{{exp_acc}}')], filter: "prompt = '{{m_prod}}/1'" }],
  ["search for prod's prompt by another key", 'POST', `${v3}/traces/search`, { locations: [place('{{exp_acc}}')], filter: "tags.Prompt = '{{m_prod}}/1'" }],
  ["get prod's trace in a batch", 'POST', `${v3}/traces/batchGetInfos`, { trace_ids: ['{{tr_prod}}'] }],
  ["get prod's trace in a batch of both", 'POST', `${v3}/traces/batchGetInfos`, { trace_ids: ['{{tr_acc}}', '{{tr_prod}}'] }],
  ["get prod's trace in a batch with spans", 'GET', `${v3}/traces/batchGet?trace_ids={{tr_prod}}`],
  ["delete prod's trace from an own experiment", 'POST', `${v2}/traces/delete-traces`, { experiment_id: '{{exp_acc}}', request_ids: ['{{tr_prod}}'] }],
  ["delete prod's trace under 3.0", 'POST', `${v3}/traces/delete-traces`, { experiment_id: '{{exp_acc}}', request_ids: ['{{tr_prod}}'] }],
]

const attack = (status: readonly number[], extra: Partial<Attack> = {}) => ([name, method, path, json]: Row): Attack => ({
  name, method, path, ...(json === undefined ? {} : { json }), status, ...extra,
})
const aim = (rows: readonly Row[]): Row[] => JSON.parse(JSON.stringify(rows).replaceAll('{{tr}}', '{{tr_prod}}'))

/** MLflow checks none of this itself: it moves a trace that there is, and puts spans into it. */
export const traceAttacks: readonly Attack[] = [
  ...aim(subjects).map(attack([404])),
  ...aim(subjects).filter((_row, index) => index % 4 === 0).map(([name, method, path, json]) => attack([404])([`${name} below the environment`, method, `/env/acc${path}`, json])),
  ...pointers.map(attack([400, 403, 404])),
  ...never.map(attack([400, 403], { unheard: true, twin: false })),
  ...nothing.map(attack([200], { twin: true })),
  // Of a trace without spans MLflow says so with a 500.
  ...[attack([500], { twin: true })(["get prod's trace in a batch of both with spans", 'GET', `${v3}/traces/batchGet?trace_ids={{tr_prod}}&trace_ids={{tr_acc}}`])],
  // Whether an id is taken can be told: of ids that nobody guesses.
  { name: "a new trace with the id of prod's", method: 'POST', path: `${v3}/traces`, json: start({ trace_id: '{{tr_prod}}' }), status: [404], twin: false },
  { name: "a new trace with the id of prod's below the environment", method: 'POST', path: `/env/acc/ajax-api/3.0/mlflow/traces`, json: start({ trace_id: '{{tr_prod}}', tags: { a: 'b' } }), status: [404], twin: false },
  { name: "link prod's trace to an own run", method: 'POST', path: `${v2}/traces/link-to-run`, json: { trace_ids: ['{{tr_prod}}'], run_id: '{{run_acc}}' }, status: [404] },
  { name: "link prod's trace among own ones", method: 'POST', path: `${v2}/traces/link-to-run`, json: { trace_ids: ['{{tr_acc}}', '{{tr_prod}}'], run_id: '{{run_acc}}' }, status: [404], twin: false },
  ...['mlflow.assessment.scorerTraceId', 'mlflow.gateway.linkedTraceId'].map((key): Attack => ({ name: `prod's trace in ${key}`, method: 'PATCH', path: `${v3}/traces/{{tr_acc}}/tags`, json: { key, value: '{{tr_prod}}' }, status: [404], twin: false })),
  ...["delete prod's by time", "delete all of prod's"].map((name): Attack => ({ name, method: 'POST', path: `${v2}/traces/delete-traces`, json: { experiment_id: '{{exp_prod}}', max_timestamp_millis: 9_000_000_000_000 }, status: [404] })),
]
