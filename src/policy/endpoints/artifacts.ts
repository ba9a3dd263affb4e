import type { EndpointRow } from '../endpoint.ts'

const artifact = { resource: 'artifact' } as const
/** Clients in Databricks mode find no such endpoints in a workspace. */
const served = { ...artifact, modes: ['http'] } as const
const store = {
  ...served, path: '/mlflow-artifacts/artifacts/{artifact_path}', fields: { artifact_path: 'storePath' }, required: ['artifact_path'],
} as const
const part = { ...served, method: 'POST', action: 'update', required: ['artifact_path', 'path'] } as const

export const artifactEndpoints = {
  listArtifacts: {
    ...artifact, method: 'GET', path: '/mlflow/artifacts/list', action: 'read',
    fields: { run_id: 'run', run_uuid: 'run', path: 'relativePath', page_token: 'pageToken' }, required: ['run_id|run_uuid'],
  },
  listStoredArtifacts: {
    ...served, method: 'GET', path: '/mlflow-artifacts/artifacts', action: 'read',
    fields: { path: 'storeFolder' }, required: [],
  },
  downloadArtifact: {
    ...store, method: 'GET', action: 'read', bytes: 'down',
  },
  uploadArtifact: {
    ...store, method: 'PUT', action: 'update', bytes: 'up',
  },
  deleteArtifact: {
    ...store, method: 'DELETE', action: 'delete',
  },
  createMultipartUpload: {
    ...part, path: '/mlflow-artifacts/mpu/create/{artifact_path}',
    fields: { artifact_path: 'storePath', path: 'relativePath', num_parts: 'free' },
  },
  completeMultipartUpload: {
    ...part, path: '/mlflow-artifacts/mpu/complete/{artifact_path}',
    fields: { artifact_path: 'storePath', path: 'relativePath', upload_id: 'free', parts: 'free' },
  },
  abortMultipartUpload: {
    ...part, path: '/mlflow-artifacts/mpu/abort/{artifact_path}',
    fields: { artifact_path: 'storePath', path: 'relativePath', upload_id: 'free' },
  },
} as const satisfies Record<string, EndpointRow>
