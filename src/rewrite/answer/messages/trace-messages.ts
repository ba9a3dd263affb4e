import { type Declarations, inExperiment, partOf, passes } from '../declaration.ts'
import { itself, person, pointedAt } from './passed-fields.ts'

const said = passes('what a client says of its own program, in its own words')
const inTrace = passes('a part of a trace that was judged')
const inTheTrace = partOf('a trace')

export const traceMessages: Declarations = {
  'mlflow.TraceInfo': {
    owner: inExperiment('experiment_id'),
    fields: { experiment_id: 'experimentId', tags: 'traceTags', request_metadata: 'traceTags', request_id: itself },
  },
  'mlflow.Trace': { owner: inExperiment('trace_info', 'trace_location', 'mlflow_experiment', 'experiment_id'), fields: {} },
  'mlflow.TraceInfoV3': {
    owner: inExperiment('trace_location', 'mlflow_experiment', 'experiment_id'),
    fields: { tags: 'traceTags', trace_metadata: 'traceTags', client_request_id: said, trace_id: itself },
  },
  'mlflow.TraceLocation.MlflowExperimentLocation': { owner: inTheTrace, fields: { experiment_id: 'experimentId' } },
  'mlflow.TraceLocation.InferenceTableLocation': {
    owner: inTheTrace,
    fields: { full_table_name: passes('of a Databricks workspace; traces in experiments do not have it') },
  },
  'mlflow.MetricDataPoint': {
    owner: partOf('the experiments that were asked for'),
    fields: { metric_name: passes('one of MLflow’s own names, as it was asked for') },
  },
  'mlflow.assessments.Assessment': {
    owner: inTheTrace,
    fields: { assessment_id: inTrace, assessment_name: said, span_id: inTrace, trace_id: inTrace },
  },
  'mlflow.assessments.AssessmentSource': { owner: inTheTrace, fields: { source_id: person } },
  'mlflow.assessments.IssueReference': { owner: inTheTrace, fields: { issue_name: said } },
  'opentelemetry.proto.trace.v1.Span': {
    owner: inTheTrace,
    fields: { name: said, parent_span_id: inTrace, span_id: inTrace, trace_id: inTrace },
  },
  'opentelemetry.proto.trace.v1.Span.Event': { owner: inTheTrace, fields: { name: said } },
  'opentelemetry.proto.trace.v1.Span.Link': { owner: inTheTrace, fields: { span_id: pointedAt, trace_id: pointedAt } },
}
