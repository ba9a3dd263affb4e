import { type Declarations, partOf, passes } from '../declaration.ts'
import { ownData, ownTags, parameter, person, pointedAt } from './passed-fields.ts'

const job = passes('of a Databricks job; open-source servers do not have it')

export const modelMessages: Declarations = {
  'mlflow.RegisteredModel': {
    owner: { by: 'modelName', field: 'name', of: 'scope' },
    fields: { name: 'modelName', tags: ownTags, user_id: person, deployment_job_id: job },
  },
  'mlflow.ModelVersion': {
    owner: { by: 'modelName', field: 'name', of: 'scope' },
    stage: { stage: 'current_stage', aliases: 'aliases' },
    fields: {
      name: 'modelName',
      source: 'source',
      tags: 'tags',
      model_id: pointedAt,
      run_id: pointedAt,
      user_id: person,
    },
  },
  'mlflow.ModelVersionDeploymentJobState': {
    owner: partOf('a version'),
    fields: { current_task_name: job, job_id: job, run_id: job },
  },
  'mlflow.ModelMetric': {
    owner: partOf('a version'),
    fields: { dataset_name: ownData, model_id: pointedAt, run_id: pointedAt },
  },
  'mlflow.ModelParam': { owner: partOf('a version'), fields: { name: parameter } },
  'mlflow.GetModelVersionDownloadUri.Response': {
    owner: partOf('the version that was asked for'),
    fields: { artifact_uri: 'downloadUri' },
  },
}
