import type { Field } from './field.ts'

const text: Field = { type: 'string' }
const texts: Field = { type: 'string', repeated: true }
const integer: Field = { type: 'int64' }
const pairs: Field = { type: 'message', message: 'handmade.KeyValue', repeated: true }
const flag: Field = { type: 'bool' }

/** Messages of handlers that read their parameters without protobuf (mlflow/server/handlers.py). */
export const undescribedMessages: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  'handmade.Empty': {},
  'handmade.GraphQL': { query: text, operation_name: text, variables: { type: 'json' }, extensions: { type: 'json' } },
  // MLflow makes a text of any value.
  'handmade.GatewayCall': { model: text },
  'handmade.GatewayModels': { object: text, data: { type: 'message', message: 'handmade.GatewayModel', repeated: true } },
  'handmade.GatewayModel': { id: text, object: text, created: integer, owned_by: text },
  'handmade.OfProvider': { provider: text },
  'handmade.KeyValue': { key: text, value: { type: 'json' } },
  'handmade.GetArtifact': { run_id: text, run_uuid: text, path: text },
  'handmade.UploadArtifact': { run_id: text, run_uuid: text, path: text },
  'handmade.GetModelVersionArtifact': { name: text, version: text, path: text, presigned: text },
  'handmade.GetLoggedModelArtifact': { model_id: text, artifact_file_path: text, presigned: text },
  'handmade.GetTraceArtifact': { request_id: text, path: text },
  'handmade.GetMetricHistoryBulk': { run_id: texts, metric_key: text, max_results: integer },
  'handmade.GetMetricHistoryBulk.Response': { metrics: { type: 'message', message: 'handmade.MetricOfRun', repeated: true } },
  'handmade.MetricOfRun': { key: text, value: { type: 'double' }, timestamp: integer, step: integer, run_id: text },
  'handmade.ExportSpans': {
    experiment_id: text,
    run_id: text,
    resource_spans: { type: 'message', message: 'opentelemetry.proto.trace.v1.ResourceSpans', repeated: true },
  },
  'handmade.CreatePromptlabRun': {
    experiment_id: text,
    run_name: text,
    tags: { type: 'message', message: 'mlflow.RunTag', repeated: true },
    prompt_template: text,
    prompt_parameters: pairs,
    model_route: text,
    model_parameters: pairs,
    model_input: text,
    model_output: text,
    model_output_parameters: pairs,
    mlflow_version: text,
    user_id: text,
    start_time: integer,
  },
  'handmade.GetUiFile': { path: text },
  'handmade.ServerInfo': {
    store_type: text,
    trace_archival_enabled: flag,
    workspaces_enabled: flag,
    multipart_uploads_enabled: flag,
    multipart_downloads_enabled: flag,
    presigned_upload_run_id_supported: flag,
    presigned_upload_model_id_supported: flag,
    model_artifact_presigned_downloads_supported: flag,
    features_enabled: { type: 'message', message: 'handmade.ServerFeatures' },
  },
  'handmade.ServerFeatures': { gateway: flag, scheduled_issue_detection: flag },
  'handmade.GetOnlineScoringConfigs': { scorer_ids: texts },
  'handmade.GetOnlineScoringConfigs.Response': {
    configs: { type: 'message', message: 'handmade.OnlineScoringConfig', repeated: true },
  },
  'handmade.OnlineScoringConfig': {
    online_scoring_config_id: text,
    scorer_id: text,
    experiment_id: text,
    sample_rate: { type: 'double' },
    filter_string: text,
  },
  'handmade.UpsertOnlineScoringConfig.Response': { config: { type: 'message', message: 'handmade.OnlineScoringConfig' } },
  'handmade.UpsertOnlineScoringConfig': { experiment_id: text, name: text, sample_rate: { type: 'double' }, filter_string: text },
}

/** Parameters that a handler reads beside its protobuf message. */
export const undescribedFields: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  'mlflow.GetLoggedModel': { allow_deleted: { type: 'bool' } },
}
