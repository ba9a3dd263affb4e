import type { AnswerMeaning } from './answer-fields.ts'

const person = 'who did it, in the same environment or with a right to answer it'
const itself = 'the id of the row itself, whose model was judged'
const given = 'what the webhook’s maker said of it; secrets the workspace never shows'
const feature = 'of the workspace’s feature store, which has rights of its own'
const endpointTags = 'what the endpoint’s own environment wrote, or whoever shares it'
const account = 'of an account with a provider, which is shown only where all that it names is the caller’s (serving-answer.ts)'
const tables = 'tables that administrators chose in the workspace, which has rights of its own'
const billing = 'of the workspace’s bills; it opens nothing'
const served = 'what the endpoint calls it; the proxy gives it the caller’s own words'
const inFolder = 'of a file in the folder that was asked for'
const signed = 'a signed address of exactly the file that was judged'
const grantee = 'whom the workspace knows; which model it is about was judged'

const job = 'of a job of the workspace; it opens nothing by itself'
const judged = 'an id that was judged when it was written, and opens nothing by itself'

/** Fields of Unity Catalog's answers. */
const catalogFields: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    'AwsCredentials.access_key_id': 'credentials for exactly the version that was judged',
    'R2Credentials.access_key_id': 'credentials for exactly the version that was judged',
    'GetModelVersionDownloadUriResponse.artifact_uri':
      'where the files of the version lie that was judged; credentials are given apart',
    'ModelMetric.dataset_name': 'what a client says of its own data',
    'ModelMetric.model_id': judged,
    'ModelMetric.run_id': judged,
    'ModelParam.name': 'the name of a parameter',
    'ModelVersion.model_id': judged,
    'ModelVersion.run_experiment_id': judged,
    'ModelVersion.run_id': judged,
    'ModelVersion.run_tracking_server_id': 'the number of the workspace',
    'ModelVersion.storage_location': 'where the files of the version lie that was judged; credentials are given apart',
    'ModelVersion.user_id': person,
    'ModelVersionDeploymentJobState.current_task_name': job,
    'ModelVersionDeploymentJobState.job_id': job,
    'ModelVersionDeploymentJobState.run_id': job,
    'RegisteredModel.deployment_job_id': job,
    'RegisteredModel.tags': 'what the caller’s own environment wrote',
    'RegisteredModel.user_id': person,
  }).map(([field, why]) => [`mlflow.ucmodelregistry.${field}`, why]),
)

/** As `answerMeanings`: what the fields of a workspace's own answers hold. */
export const databricksMeanings: Readonly<Record<string, Readonly<Record<string, AnswerMeaning>>>> = {
  'mlflow.ucmodelregistry.RegisteredModel': { name: 'modelName' },
  'mlflow.ucmodelregistry.ModelVersion': { name: 'modelName', source: 'source', tags: 'tags' },
  'databricks.ModelDatabricks': { name: 'modelName' },
  'databricks.ModelVersionDatabricks': { name: 'modelName', source: 'source', tags: 'tags' },
  'databricks.RegistryWebhook': { model_name: 'modelName' },
  'databricks.Activity': { system_comment: 'sentence' },
  'databricks.ServingEndpoint': { name: 'endpointName' },
  // Addresses of their own lead past the proxy.
  'databricks.ServingEndpointDetailed': { name: 'endpointName', endpoint_url: 'withheld', data_plane_info: 'withheld' },
  'databricks.UpdateInferenceEndpointNotificationsResponse': { name: 'endpointName' },
  'databricks.ServedEntityOutput': { entity_name: 'servedModelName' },
  'databricks.ServedEntitySpec': { entity_name: 'servedModelName' },
  'databricks.ServedModelOutput': { model_name: 'servedModelName' },
  'databricks.ServedModelSpec': { model_name: 'servedModelName' },
  // How the workspace reaches a provider: accounts, addresses, and where its secrets lie.
  'databricks.ExternalModel': {
    ai21labs_config: 'ownPart',
    amazon_bedrock_config: 'ownPart',
    anthropic_config: 'ownPart',
    cohere_config: 'ownPart',
    custom_provider_config: 'ownPart',
    databricks_model_serving_config: 'ownPart',
    google_cloud_vertex_ai_config: 'ownPart',
    openai_config: 'ownPart',
    palm_config: 'ownPart',
  },
}

/** As `reviewedFields`: fields of a workspace's own answers that pass as they are, each with the reason. */
export const reviewedDatabricksFields: Readonly<Record<string, string>> = {
  'databricks.AmazonBedrockConfig.aws_access_key_id': account,
  'databricks.AmazonBedrockConfig.uc_service_credential_name': account,
  'databricks.CustomProviderConfig.custom_provider_url': account,
  'databricks.DatabricksModelServingConfig.databricks_workspace_url': account,
  'databricks.GoogleCloudVertexAiConfig.project_id': account,
  'databricks.OpenAiConfig.microsoft_entra_client_id': account,
  'databricks.OpenAiConfig.microsoft_entra_tenant_id': account,
  'databricks.OpenAiConfig.openai_deployment_name': account,
  'databricks.Activity.id': itself,
  'databricks.Activity.user_id': person,
  'databricks.AiGatewayInferenceTableConfig.catalog_name': tables,
  'databricks.AiGatewayInferenceTableConfig.schema_name': tables,
  'databricks.AutoCaptureConfigOutput.catalog_name': tables,
  'databricks.AutoCaptureConfigOutput.schema_name': tables,
  'databricks.CommentObject.id': itself,
  'databricks.CommentObject.user_id': person,
  'databricks.DbfsFileInfo.path': inFolder,
  'databricks.EndpointTags.tags': endpointTags,
  'databricks.ExternalModel.name': 'a model of a provider outside',
  'databricks.FileUrl.url': signed,
  'databricks.FoundationModel.display_name': 'a model that the workspace offers to everybody',
  'databricks.FoundationModel.name': 'a model that the workspace offers to everybody',
  'databricks.ArtifactCredentialInfo.path': 'the path that was asked for',
  'databricks.ArtifactCredentialInfo.run_id': 'the run that was asked for, and judged',
  'databricks.ArtifactCredentialInfo.signed_uri': signed,
  'databricks.CreateMultipartUploadResponse.upload_id': 'of the upload to the place that was judged',
  'databricks.GetSignedDownloadUriResponse.signed_uri': signed,
  'databricks.HttpHeader.name': 'of a header that the storage wants',
  'databricks.HttpUrlSpecWithoutSecret.url': given,
  'databricks.JobSpecWithoutSecret.job_id': given,
  'databricks.JobSpecWithoutSecret.workspace_url': given,
  'databricks.LinkedFeature.feature_name': feature,
  'databricks.LinkedFeature.feature_table_id': feature,
  'databricks.LinkedFeature.feature_table_name': feature,
  'databricks.LoggedModelArtifactCredential.model_id': 'the logged model that was asked for, and judged',
  ...catalogFields,
  'databricks.ModelDatabricks.id': 'the id by which permissions know the model that was judged',
  'databricks.ModelDatabricks.tags': 'what the caller’s own environment wrote',
  'databricks.ModelDatabricks.user_id': person,
  'databricks.ModelVersionDatabricks.run_id': 'an id that was judged when it was written, and opens nothing by itself',
  'databricks.ModelVersionDatabricks.user_id': person,
  'databricks.PayloadTable.name': tables,
  'databricks.RegisteredModelAccessControlResponse.display_name': grantee,
  'databricks.RegisteredModelAccessControlResponse.group_name': grantee,
  'databricks.RegisteredModelAccessControlResponse.service_principal_name': grantee,
  'databricks.RegisteredModelAccessControlResponse.user_name': grantee,
  'databricks.RegisteredModelPermissions.object_id': 'the id that was asked for, and judged',
  'databricks.RegistryWebhook.id': itself,
  'databricks.Route.served_entity_name': served,
  'databricks.Route.served_model_name': served,
  'databricks.ServedEntityOutput.name': served,
  'databricks.ServedEntitySpec.name': served,
  'databricks.ServedModelOutput.name': served,
  'databricks.ServedModelSpec.name': served,
  'databricks.ServingEndpoint.budget_policy_id': billing,
  'databricks.ServingEndpoint.id': 'the id by which permissions know the endpoint that was judged',
  'databricks.ServingEndpoint.tags': endpointTags,
  'databricks.ServingEndpoint.usage_policy_id': billing,
  'databricks.ServingEndpointAccessControlResponse.display_name': grantee,
  'databricks.ServingEndpointAccessControlResponse.group_name': grantee,
  'databricks.ServingEndpointAccessControlResponse.service_principal_name': grantee,
  'databricks.ServingEndpointAccessControlResponse.user_name': grantee,
  'databricks.ServingEndpointDetailed.budget_policy_id': billing,
  'databricks.ServingEndpointDetailed.id': 'the id by which permissions know the endpoint that was judged',
  'databricks.ServingEndpointDetailed.tags': endpointTags,
  'databricks.ServingEndpointPermissions.object_id': 'the id that was asked for, and judged',
  'databricks.TelemetryConfig.telemetry_profile_id': tables,
  'databricks.TelemetryInferenceTableConfig.name': tables,
  'databricks.TransitionRequest.user_id': person,
  'databricks.WorkspaceFolderEntry.name': inFolder,
  'databricks.WorkspaceFolderEntry.path': inFolder,
}
