import { databricksMeanings, reviewedDatabricksFields } from './databricks-answer-fields.ts'
import { reviewedGatewayFields } from './gateway-answer.ts'
import { reviewedGenaiFields } from './genai-answer-fields.ts'

/**
 * What a field of an answer holds, where it names something: `rewriteAnswer` puts it into the caller's words. `withheld` is left out, and so
 * is an `ownPart` that is another's.
 */
export type AnswerMeaning =
  | 'experimentId'
  | 'ownExperimentId'
  | 'experimentName'
  | 'modelName'
  | 'location'
  | 'source'
  | 'downloadUri'
  | 'tags'
  | 'traceTags'
  | 'experimentTags'
  | 'sentence'
  | 'endpointName'
  | 'gatewayName'
  | 'modelDefinitionName'
  | 'gatewaySecretName'
  | 'scorerText'
  | 'ownPart'
  | 'servedModelName'
  | 'withheld'
  | 'off'
  | 'forAdministrators'

/** What the fields of MLflow's entities hold, wherever in an answer they stand. */
export const answerMeanings: Readonly<Record<string, Readonly<Record<string, AnswerMeaning>>>> = {
  'mlflow.Experiment': {
    experiment_id: 'experimentId',
    name: 'experimentName',
    artifact_location: 'location',
    tags: 'experimentTags',
  },
  'mlflow.CreateExperiment.Response': { experiment_id: 'experimentId' },
  'mlflow.RunInfo': { experiment_id: 'experimentId', artifact_uri: 'location' },
  'mlflow.DatasetSummary': { experiment_id: 'experimentId' },
  'mlflow.datasets.Dataset': { experiment_ids: 'experimentId' },
  'mlflow.GetDatasetExperimentIds.Response': { experiment_ids: 'experimentId' },
  'mlflow.RegisterScorer.Response': { experiment_id: 'experimentId', serialized_scorer: 'scorerText' },
  'mlflow.Scorer': { experiment_id: 'experimentId', serialized_scorer: 'scorerText' },
  'handmade.OnlineScoringConfig': { experiment_id: 'experimentId' },
  'mlflow.issues.Issue': { experiment_id: 'experimentId' },
  'mlflow.label_schemas.LabelSchema': { experiment_id: 'experimentId' },
  'mlflow.review_queues.ReviewQueue': { experiment_id: 'experimentId' },
  'mlflow.RunData': { tags: 'tags' },
  'mlflow.RegisteredModel': { name: 'modelName' },
  'mlflow.ModelVersion': { name: 'modelName', source: 'source', tags: 'tags' },
  'mlflow.GetModelVersionDownloadUri.Response': { artifact_uri: 'downloadUri' },
  'mlflow.LoggedModelInfo': { experiment_id: 'experimentId', artifact_uri: 'location', tags: 'tags' },
  'mlflow.LoggedModelRegistrationInfo': { name: 'modelName' },
  'mlflow.TraceInfo': { experiment_id: 'experimentId', tags: 'traceTags', request_metadata: 'traceTags' },
  'mlflow.TraceInfoV3': { tags: 'traceTags', trace_metadata: 'traceTags' },
  'mlflow.TraceLocation.MlflowExperimentLocation': { experiment_id: 'experimentId' },
  'handmade.GatewayModel': { id: 'gatewayName' },
  'mlflow.GatewayEndpoint': { name: 'gatewayName', experiment_id: 'ownExperimentId' },
  'mlflow.GatewayEndpointModelMapping': { model_definition: 'ownPart' },
  'mlflow.GatewayModelDefinition': { name: 'modelDefinitionName', secret_name: 'gatewaySecretName' },
  'mlflow.GatewaySecretInfo': { secret_name: 'gatewaySecretName' },
  'mlflow.ListArtifacts.Response': { root_uri: 'location' },
  'mlflow.ListLoggedModelArtifacts.Response': { root_uri: 'location' },
  'handmade.ServerInfo': {
    workspaces_enabled: 'off',
    multipart_uploads_enabled: 'off',
    multipart_downloads_enabled: 'off',
    presigned_upload_run_id_supported: 'off',
    presigned_upload_model_id_supported: 'off',
    model_artifact_presigned_downloads_supported: 'off',
  },
  // The UI's pages behind the gateway's flag are those of administration.
  'handmade.ServerFeatures': { gateway: 'forAdministrators', scheduled_issue_detection: 'off' },
  ...databricksMeanings,
}

const ownTags = 'what the caller’s own environment wrote; ids in it were judged when they were written'
const pointed = 'an id that was judged when it was written, and opens nothing by itself'
const inTrace = 'a part of a trace that was judged'
const said = 'what a client says of its own program, in its own words'
const asked = 'the run that was asked for'
const person = 'who made it, in the same environment'
const storage = 'a signed address of exactly the place that was judged'

/** Fields whose names suggest a reference and that pass as they are, each with the reason why that shows nothing of others. */
export const reviewedFields: Readonly<Record<string, string>> = {
  'handmade.MetricOfRun.run_id': asked,
  'mlflow.Dataset.name': 'what a client says of its own data',
  'mlflow.Dataset.source': 'what a client says of its own data; MLflow does not open it',
  'mlflow.DatasetInput.tags': ownTags,
  'mlflow.FileInfo.path': 'relative to the artifacts that were asked for',
  'mlflow.LoggedModelInfo.creator_id': person,
  'mlflow.LoggedModelInfo.model_id': 'the id of the row itself, whose experiment was judged',
  'mlflow.LoggedModelInfo.name': 'a logged model’s name is free text in its experiment',
  'mlflow.LoggedModelInfo.source_run_id': pointed,
  'mlflow.Metric.dataset_name': 'what a client says of its own data',
  'mlflow.Metric.model_id': pointed,
  'mlflow.Metric.run_id': pointed,
  'mlflow.MetricWithRunId.run_id': asked,
  'mlflow.ModelInput.model_id': pointed,
  'mlflow.ModelMetric.dataset_name': 'what a client says of its own data',
  'mlflow.ModelMetric.model_id': pointed,
  'mlflow.ModelMetric.run_id': pointed,
  'mlflow.ModelOutput.model_id': pointed,
  'mlflow.ModelParam.name': 'the name of a parameter',
  'mlflow.ModelVersion.model_id': pointed,
  'mlflow.ModelVersion.run_id': pointed,
  'mlflow.ModelVersion.user_id': person,
  'mlflow.ModelVersionDeploymentJobState.current_task_name': 'of a Databricks job; open-source servers do not have it',
  'mlflow.ModelVersionDeploymentJobState.job_id': 'of a Databricks job; open-source servers do not have it',
  'mlflow.ModelVersionDeploymentJobState.run_id': 'of a Databricks job; open-source servers do not have it',
  'mlflow.RegisteredModel.deployment_job_id': 'of a Databricks job; open-source servers do not have it',
  'mlflow.RegisteredModel.tags': ownTags,
  'mlflow.RegisteredModel.user_id': person,
  'mlflow.RunInfo.run_id': 'the id of the row itself, whose experiment was judged',
  'mlflow.RunInfo.run_name': 'a run’s name is free text in its experiment',
  'mlflow.RunInfo.run_uuid': 'the id of the row itself, whose experiment was judged',
  'mlflow.RunInfo.user_id': person,
  'mlflow.MetricDataPoint.metric_name': 'one of MLflow’s own names, as it was asked for',
  'mlflow.TraceInfo.request_id': 'the id of the row itself, whose experiment was judged',
  'mlflow.TraceInfoV3.client_request_id': said,
  'mlflow.TraceInfoV3.trace_id': 'the id of the row itself, whose experiment was judged',
  'mlflow.TraceLocation.InferenceTableLocation.full_table_name':
    'of a Databricks workspace; traces in experiments do not have it',
  'mlflow.assessments.Assessment.assessment_id': inTrace,
  'mlflow.assessments.Assessment.assessment_name': said,
  'mlflow.assessments.Assessment.span_id': inTrace,
  'mlflow.assessments.Assessment.trace_id': inTrace,
  'mlflow.assessments.AssessmentSource.source_id': person,
  'mlflow.assessments.IssueReference.issue_name': said,
  'opentelemetry.proto.trace.v1.Span.Event.name': said,
  'opentelemetry.proto.trace.v1.Span.Link.span_id': pointed,
  'opentelemetry.proto.trace.v1.Span.Link.trace_id': pointed,
  'opentelemetry.proto.trace.v1.Span.name': said,
  'opentelemetry.proto.trace.v1.Span.parent_span_id': inTrace,
  'opentelemetry.proto.trace.v1.Span.span_id': inTrace,
  'opentelemetry.proto.trace.v1.Span.trace_id': inTrace,
  'mlflow.artifacts.CreateMultipartUpload.Response.upload_id': 'of the upload to the place that was judged',
  'mlflow.artifacts.FileInfo.path': 'relative to the folder that was asked for',
  'mlflow.artifacts.MultipartUploadCredential.url': storage,
  ...reviewedGatewayFields,
  ...reviewedGenaiFields,
  ...reviewedDatabricksFields,
}
