import { type Declarations, partOf, passes } from '../declaration.ts'
import { ownData, parameter, pointedAt } from './passed-fields.ts'

const person = passes('who did it, in the same environment or with a right to answer it')
const job = passes('of a job of the workspace; it opens nothing by itself')
const files = passes('where the files of the version lie that was judged; credentials are given apart')
const credentials = {
  owner: partOf('the version that was asked for'),
  fields: { access_key_id: passes('credentials for exactly the version that was judged') },
} as const

/** Unity Catalog's registry, as MLflow's first API for it has it. */
export const catalogMessages: Declarations = {
  'mlflow.ucmodelregistry.RegisteredModel': {
    owner: { by: 'modelName', field: 'name', of: 'scope' },
    fields: {
      name: 'modelName',
      tags: passes('what the caller’s own environment wrote'),
      user_id: person,
      deployment_job_id: job,
    },
  },
  'mlflow.ucmodelregistry.ModelVersion': {
    owner: { by: 'modelName', field: 'name', of: 'scope' },
    stage: { stage: 'current_stage', aliases: 'aliases' },
    fields: {
      name: 'modelName',
      source: 'source',
      tags: 'tags',
      model_id: pointedAt,
      run_experiment_id: pointedAt,
      run_id: pointedAt,
      run_tracking_server_id: passes('the number of the workspace'),
      storage_location: files,
      user_id: person,
    },
  },
  'mlflow.ucmodelregistry.ModelVersionDeploymentJobState': {
    owner: partOf('a version'),
    fields: { current_task_name: job, job_id: job, run_id: job },
  },
  'mlflow.ucmodelregistry.ModelMetric': {
    owner: partOf('a version'),
    fields: { dataset_name: ownData, model_id: pointedAt, run_id: pointedAt },
  },
  'mlflow.ucmodelregistry.ModelParam': { owner: partOf('a version'), fields: { name: parameter } },
  'mlflow.ucmodelregistry.GetModelVersionDownloadUriResponse': {
    owner: partOf('the version that was asked for'),
    fields: { artifact_uri: files },
  },
  'mlflow.ucmodelregistry.AwsCredentials': credentials,
  'mlflow.ucmodelregistry.R2Credentials': credentials,
}
