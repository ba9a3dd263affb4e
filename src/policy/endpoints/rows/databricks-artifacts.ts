import type { EndpointRow } from '../endpoint.ts'

/** Signed URLs leave the proxy only for clients in Databricks mode: others would not know what to do with them. */
const signed = { resource: 'artifact', upstreams: ['databricks', 'unityCatalog'], modes: ['databricks'] } as const
const ofRun = {
  ...signed, request: 'databricks.GetRunCredentials', response: 'databricks.GetRunCredentialsResponse',
  fields: { run_id: 'run', path: 'filePath', page_token: 'pageToken' }, required: ['run_id', 'path'],
} as const
const ofModel = {
  ...signed, request: 'databricks.GetLoggedModelCredentials', response: 'databricks.GetLoggedModelCredentialsResponse',
  fields: { model_id: 'loggedModel', paths: 'filePath', page_token: 'pageToken' }, required: ['model_id', 'paths'],
} as const
const ofTrace = {
  ...signed, method: 'GET', request: 'databricks.GetTraceCredential', response: 'databricks.GetTraceCredentialResponse',
  fields: { request_id: 'trace', path: 'filePath' }, required: ['request_id'],
} as const
const upload = { ...signed, required: ['run_id', 'path', 'upload_id'] } as const
const part = { run_id: 'run', path: 'filePath', upload_id: 'free' } as const
/** Of Unity Catalog's models also for clients that have Databricks mode for their registry alone. */
const anyClient = { modes: ['databricks', 'http'] } as const
const file = { ...signed, ...anyClient, path: '/fs/files/{file_path}', required: ['file_path'] } as const
const dbfs = { ...signed, path: '/dbfs/{file_path}', request: 'databricks.WorkspaceFile', required: ['file_path'] } as const
/** Of a version in a catalog with Databricks' default storage (mlflow/store/artifact/presigned_url_artifact_repo.py). */
const fileUrl = {
  ...signed, ...anyClient, upstreams: ['unityCatalog'], method: 'POST', signsUrl: true,
  request: 'databricks.CreateFileUrl', response: 'databricks.FileUrl', fields: { path: 'workspaceFile' }, required: ['path'],
} as const
const version = { ...signed, upstreams: ['databricks'], resource: 'modelVersion', method: 'GET', action: 'read' } as const

/** Signed URLs of single files, by which clients in Databricks mode read and write the storage themselves; and what they try first, the Files API. */
export const databricksArtifactEndpoints = {
  getRunReadCredentials: {
    ...ofRun, method: 'POST', path: '/mlflow/artifacts/credentials-for-read', action: 'read',
  },
  getRunWriteCredentials: {
    ...ofRun, method: 'POST', path: '/mlflow/artifacts/credentials-for-write', action: 'update', repeatable: true,
  },
  createRunMultipartUpload: {
    ...signed, method: 'POST', path: '/mlflow/artifacts/create-multipart-upload', action: 'update',
    request: 'databricks.CreateMultipartUpload', response: 'databricks.CreateMultipartUploadResponse',
    fields: { run_id: 'run', path: 'filePath', num_parts: 'free' }, required: ['run_id', 'path'],
  },
  getRunUploadPartUrl: {
    ...upload, method: 'GET', path: '/mlflow/artifacts/get-presigned-upload-part-url', action: 'update',
    request: 'databricks.GetPresignedUploadPartUrl', response: 'databricks.GetPresignedUploadPartUrlResponse',
    fields: { ...part, part_number: 'free' },
  },
  completeRunMultipartUpload: {
    ...upload, method: 'POST', path: '/mlflow/artifacts/complete-multipart-upload', action: 'update',
    request: 'databricks.CompleteMultipartUpload', fields: { ...part, part_etags: 'free' },
  },
  getLoggedModelReadCredentials: {
    ...ofModel, method: 'POST', path: '/mlflow/logged-models/{model_id}/artifacts/credentials-for-download', action: 'read',
  },
  getLoggedModelWriteCredentials: {
    ...ofModel, method: 'POST', path: '/mlflow/logged-models/{model_id}/artifacts/credentials-for-upload', action: 'update',
    repeatable: true,
  },
  getTraceReadCredential: {
    ...ofTrace, path: '/mlflow/traces/{request_id}/credentials-for-data-download', action: 'read',
  },
  getTraceWriteCredential: {
    ...ofTrace, path: '/mlflow/traces/{request_id}/credentials-for-data-upload', action: 'update', repeatable: true,
  },
  listVersionArtifacts: {
    ...version, path: '/mlflow/model-versions/list-artifacts',
    request: 'databricks.ListVersionArtifacts', response: 'databricks.ListVersionArtifactsResponse',
    fields: { name: 'modelName', version: 'version', path: 'relativePath', page_token: 'pageToken' }, required: ['name', 'version'],
  },
  getVersionReadCredential: {
    ...version, path: '/mlflow/model-versions/get-signed-download-uri',
    request: 'databricks.GetSignedDownloadUri', response: 'databricks.GetSignedDownloadUriResponse',
    fields: { name: 'modelName', version: 'version', path: 'filePath' }, required: ['name', 'version', 'path'],
  },
  readWorkspaceFile: {
    ...file, method: 'GET', action: 'read', bytes: 'down', request: 'databricks.WorkspaceFile', fields: { file_path: 'workspaceFile' },
  },
  writeWorkspaceFile: {
    ...file, method: 'PUT', action: 'update', bytes: 'up', request: 'databricks.PutWorkspaceFile',
    fields: { file_path: 'workspaceFile', overwrite: 'free' },
  },
  listWorkspaceFolder: {
    ...signed, ...anyClient, method: 'GET', path: '/fs/directories/{directory_path}', action: 'read', inStorage: 'listFolder', required: ['directory_path'],
    request: 'databricks.ListWorkspaceFolder', response: 'databricks.ListWorkspaceFolderResponse',
    fields: { directory_path: 'workspaceFile', page_size: 'free', page_token: 'pageToken' },
  },
  createFileDownloadUrl: {
    ...fileUrl, path: '/fs/create-download-url', action: 'read',
  },
  createFileUploadUrl: {
    ...fileUrl, path: '/fs/create-upload-url', action: 'update', repeatable: true,
  },
  readDbfsFile: {
    ...dbfs, method: 'GET', action: 'read', bytes: 'down', fields: { file_path: 'dbfsPath' },
  },
  writeDbfsFile: {
    ...dbfs, method: 'POST', action: 'update', bytes: 'up', fields: { file_path: 'dbfsPath' },
  },
  listDbfsFolder: {
    ...signed, method: 'GET', path: '/dbfs/list', action: 'read', required: ['path'],
    request: 'databricks.DbfsPath', response: 'databricks.DbfsListResponse', fields: { path: 'dbfsPath' },
  },
  getDbfsStatus: {
    ...signed, method: 'GET', path: '/dbfs/get-status', action: 'read', required: ['path'],
    request: 'databricks.DbfsPath', response: 'databricks.DbfsFileInfo', fields: { path: 'dbfsPath' },
  },
} as const satisfies Record<string, EndpointRow>
