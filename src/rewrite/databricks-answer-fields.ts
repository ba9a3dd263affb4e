const person = 'who did it, in the same environment or with a right to answer it'
const itself = 'the id of the row itself, whose model was judged'
const given = 'what the webhook’s maker said of it; secrets the workspace never shows'
const feature = 'of the workspace’s feature store, which has rights of its own'
const grantee = 'whom the workspace knows; which model it is about was judged'

/** As `reviewedFields`: fields of a workspace's own answers that pass as they are, each with the reason. */
export const reviewedDatabricksFields: Readonly<Record<string, string>> = {
  'databricks.Activity.id': itself,
  'databricks.Activity.user_id': person,
  'databricks.CommentObject.id': itself,
  'databricks.CommentObject.user_id': person,
  'databricks.HttpUrlSpecWithoutSecret.url': given,
  'databricks.JobSpecWithoutSecret.job_id': given,
  'databricks.JobSpecWithoutSecret.workspace_url': given,
  'databricks.LinkedFeature.feature_name': feature,
  'databricks.LinkedFeature.feature_table_id': feature,
  'databricks.LinkedFeature.feature_table_name': feature,
  'databricks.ModelDatabricks.id': 'the id by which permissions know the model that was judged',
  'databricks.ModelDatabricks.tags': 'what the caller’s own environment wrote',
  'databricks.ModelDatabricks.user_id': person,
  'databricks.ModelVersionDatabricks.run_id': 'an id that was judged when it was written, and opens nothing by itself',
  'databricks.ModelVersionDatabricks.user_id': person,
  'databricks.RegisteredModelAccessControlResponse.display_name': grantee,
  'databricks.RegisteredModelAccessControlResponse.group_name': grantee,
  'databricks.RegisteredModelAccessControlResponse.service_principal_name': grantee,
  'databricks.RegisteredModelAccessControlResponse.user_name': grantee,
  'databricks.RegisteredModelPermissions.object_id': 'the id that was asked for, and judged',
  'databricks.RegistryWebhook.id': itself,
  'databricks.TransitionRequest.user_id': person,
}
