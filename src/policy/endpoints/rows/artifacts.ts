import { type EndpointRow, everyUpstream } from '../endpoint.ts'

const artifact = { resource: 'artifact' } as const
/** Clients in Databricks mode find no such endpoints in a workspace. */
const served = { ...artifact, modes: ['http'] } as const
const store = {
  ...served, path: '/mlflow-artifacts/artifacts/{artifact_path}', fields: { artifact_path: 'storePath' }, required: ['artifact_path'],
} as const
/** What the UI shows and stores, and MLflow opens for it with its own hands. Databricks has signed URLs for it. */
const preview = { method: 'GET', action: 'read', bytes: 'down', upstreams: ['mlflow'] } as const
const part = { ...served, method: 'POST', action: 'update', required: ['artifact_path', 'path'] } as const

export const artifactEndpoints = {
  listArtifacts: {
    ...artifact, upstreams: everyUpstream, method: 'GET', path: '/mlflow/artifacts/list', action: 'read',
    fields: { run_id: 'run', run_uuid: 'run', path: 'relativePath', page_token: 'pageToken' }, required: ['run_id|run_uuid'],
  },
  listStoredArtifacts: {
    ...served, upstreams: everyUpstream, method: 'GET', path: '/mlflow-artifacts/artifacts', action: 'read', inStorage: 'list',
    fields: { path: 'storeFolder' }, required: [],
  },
  downloadArtifact: {
    ...store, upstreams: everyUpstream, method: 'GET', action: 'read', bytes: 'down',
  },
  uploadArtifact: {
    ...store, upstreams: everyUpstream, method: 'PUT', action: 'update', bytes: 'up',
  },
  deleteArtifact: {
    ...store, upstreams: everyUpstream, method: 'DELETE', action: 'delete', inStorage: 'delete',
  },
  getArtifact: {
    ...artifact, ...preview, path: '/get-artifact', request: 'handmade.GetArtifact',
    fields: { run_id: 'run', run_uuid: 'run', path: 'relativePath' }, required: ['run_id|run_uuid', 'path'],
  },
  getModelVersionArtifact: {
    ...preview, resource: 'modelVersion', path: '/model-versions/get-artifact', request: 'handmade.GetModelVersionArtifact',
    fields: { name: 'modelName', version: 'version', path: 'relativePath', presigned: 'notServed' }, required: ['name', 'version', 'path'],
  },
  getLoggedModelArtifact: {
    ...preview, resource: 'loggedModel', path: '/mlflow/logged-models/{model_id}/artifacts/files',
    request: 'handmade.GetLoggedModelArtifact',
    demands: [
      {
        field: 'artifact_file_path', must: 'given',
        sentence: 'Request must include the "artifact_file_path" query parameter.',
      },
    ],
    fields: { model_id: 'loggedModel', artifact_file_path: 'relativePath', presigned: 'notServed' }, required: ['model_id'],
  },
  uploadRunArtifact: {
    ...artifact, method: 'POST', path: '/mlflow/upload-artifact', action: 'update', bytes: 'up', inQuery: true, upstreams: ['mlflow'],
    request: 'handmade.UploadArtifact', fields: { run_id: 'run', run_uuid: 'run', path: 'relativePath' }, required: [],
    demands: [
      // As servers before 3.18 say it, which have no other spelling.
      { field: 'run_id|run_uuid', must: 'given', sentence: 'Request must specify run_uuid.' },
      { field: 'path', must: 'given', sentence: 'Request must specify path.' },
    ],
  },
  createMultipartUpload: {
    ...part, upstreams: everyUpstream, path: '/mlflow-artifacts/mpu/create/{artifact_path}', placeless: 'no-multipart',
    fields: { artifact_path: 'storePath', path: 'localFile', num_parts: 'free' },
  },
  completeMultipartUpload: {
    ...part, upstreams: everyUpstream, path: '/mlflow-artifacts/mpu/complete/{artifact_path}',
    fields: { artifact_path: 'storePath', path: 'localFile', upload_id: 'free', parts: 'free' },
  },
  abortMultipartUpload: {
    ...part, upstreams: everyUpstream, path: '/mlflow-artifacts/mpu/abort/{artifact_path}',
    fields: { artifact_path: 'storePath', path: 'localFile', upload_id: 'free' },
  },
} as const satisfies Record<string, EndpointRow>
