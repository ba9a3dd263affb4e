import { type EndpointRow, everyUpstream, rowsOf } from '../endpoint.ts'

const everywhere = rowsOf('artifact', everyUpstream)
/** Clients in Databricks mode find no such endpoints in a workspace. */
const served = rowsOf('artifact', everyUpstream, { modes: ['http'] })
const stored = { artifact_path: 'storePath' } as const
const store = '/mlflow-artifacts/artifacts/{artifact_path}'
const byPath = ['artifact_path']
const byPart = ['artifact_path', 'path']
/** What the UI shows and stores, and MLflow opens for it with its own hands. Databricks has signed URLs for it. */
const ofRun = rowsOf('artifact', ['mlflow'])
const ofVersion = rowsOf('modelVersion', ['mlflow'], { bytes: 'down' })
const ofModel = rowsOf('loggedModel', ['mlflow'], { bytes: 'down' })

export const artifactEndpoints = {
  listArtifacts: everywhere('GET', '/mlflow/artifacts/list', 'read',
    { run_id: 'run', run_uuid: 'run', path: 'relativePath', page_token: 'pageToken' }, ['run_id|run_uuid']),
  listStoredArtifacts: served('GET', '/mlflow-artifacts/artifacts', 'read', { path: 'storeFolder' }, [], { inStorage: 'list' }),
  downloadArtifact: served('GET', store, 'read', stored, byPath, { bytes: 'down' }),
  uploadArtifact: served('PUT', store, 'update', stored, byPath, { bytes: 'up' }),
  deleteArtifact: served('DELETE', store, 'delete', stored, byPath, { inStorage: 'delete' }),
  getArtifact: ofRun('GET', '/get-artifact', 'read',
    { run_id: 'run', run_uuid: 'run', path: 'relativePath' }, ['run_id|run_uuid', 'path'],
    { bytes: 'down', request: 'handmade.GetArtifact' }),
  getModelVersionArtifact: ofVersion('GET', '/model-versions/get-artifact', 'read',
    { name: 'modelName', version: 'version', path: 'relativePath', presigned: 'notServed' }, ['name', 'version', 'path'],
    { request: 'handmade.GetModelVersionArtifact' }),
  getLoggedModelArtifact: ofModel('GET', '/mlflow/logged-models/{model_id}/artifacts/files', 'read',
    { model_id: 'loggedModel', artifact_file_path: 'relativePath', presigned: 'notServed' }, ['model_id'], {
    request: 'handmade.GetLoggedModelArtifact', demands: [
      { field: 'artifact_file_path', must: 'given', sentence: 'Request must include the "artifact_file_path" query parameter.' },
    ],
  }),
  uploadRunArtifact: ofRun('POST', '/mlflow/upload-artifact', 'update', { run_id: 'run', run_uuid: 'run', path: 'relativePath' }, [], {
    bytes: 'up', inQuery: true, request: 'handmade.UploadArtifact', demands: [
      // As servers before 3.18 say it, which have no other spelling.
      { field: 'run_id|run_uuid', must: 'given', sentence: 'Request must specify run_uuid.' },
      { field: 'path', must: 'given', sentence: 'Request must specify path.' },
    ],
  }),
  createMultipartUpload: served('POST', '/mlflow-artifacts/mpu/create/{artifact_path}', 'update',
    { ...stored, path: 'localFile', num_parts: 'free' }, byPart, { placeless: 'no-multipart' }),
  completeMultipartUpload: served('POST', '/mlflow-artifacts/mpu/complete/{artifact_path}', 'update',
    { ...stored, path: 'localFile', upload_id: 'free', parts: 'free' }, byPart),
  abortMultipartUpload: served('POST', '/mlflow-artifacts/mpu/abort/{artifact_path}', 'update',
    { ...stored, path: 'localFile', upload_id: 'free' }, byPart),
} satisfies Record<string, EndpointRow>
