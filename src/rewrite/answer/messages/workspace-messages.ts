import { type Declarations, partOf, passes } from '../declaration.ts'
import { pointedAt } from './passed-fields.ts'

const person = passes('who did it, in the same environment or with a right to answer it')
const itself = passes('the id of the row itself, whose model was judged')
const given = passes('what the webhook’s maker said of it; secrets the workspace never shows')
const feature = passes('of the workspace’s feature store, which has rights of its own')
const grantee = passes('whom the workspace knows; what it is about was judged')
const object = passes('the id that was asked for, and judged')
const grantees = { display_name: grantee, group_name: grantee, service_principal_name: grantee, user_name: grantee }
const ofVersion = partOf('the version that was asked for')

/** The registry of a Databricks workspace, and who may do what in it. */
export const workspaceMessages: Declarations = {
  'databricks.ModelDatabricks': {
    owner: { by: 'modelName', field: 'name', of: 'scope' },
    fields: {
      name: 'modelName',
      id: passes('the id by which permissions know the model that was judged'),
      tags: passes('what the caller’s own environment wrote'),
      user_id: person,
    },
  },
  'databricks.ModelVersionDatabricks': {
    owner: { by: 'modelName', field: 'name', of: 'scope' },
    stage: { stage: 'current_stage', aliases: 'aliases' },
    fields: { name: 'modelName', source: 'source', tags: 'tags', run_id: pointedAt, user_id: person },
  },
  'databricks.LinkedFeature': {
    owner: partOf('a version'),
    fields: { feature_name: feature, feature_table_id: feature, feature_table_name: feature },
  },
  'databricks.Activity': { owner: ofVersion, fields: { id: itself, system_comment: 'sentence', user_id: person } },
  'databricks.CommentObject': { owner: ofVersion, fields: { id: itself, user_id: person } },
  'databricks.TransitionRequest': { owner: ofVersion, fields: { user_id: person } },
  // A webhook without a model listens to every environment's.
  'databricks.RegistryWebhook': {
    owner: { by: 'modelName', field: 'model_name', of: 'caller' },
    fields: { model_name: 'modelName', id: itself },
  },
  'databricks.HttpUrlSpecWithoutSecret': { owner: partOf('a webhook'), fields: { url: given } },
  'databricks.JobSpecWithoutSecret': { owner: partOf('a webhook'), fields: { job_id: given, workspace_url: given } },
  'databricks.RegisteredModelPermissions': { owner: partOf('the model that was asked for'), fields: { object_id: object } },
  'databricks.RegisteredModelAccessControlResponse': {
    owner: partOf('the model that was asked for'),
    fields: grantees,
  },
  'databricks.ServingEndpointPermissions': {
    owner: partOf('the endpoint that was asked for'),
    fields: { object_id: object },
  },
  'databricks.ServingEndpointAccessControlResponse': {
    owner: partOf('the endpoint that was asked for'),
    fields: grantees,
  },
}
