import { type EndpointRow, rowsOf } from '../endpoint.ts'

/** Signed URLs leave the proxy only for clients in Databricks mode: others would not know what to do with them. */
const signed = rowsOf('artifact', ['databricks', 'unityCatalog'], { modes: ['databricks'] })
const ofVersion = rowsOf('modelVersion', ['databricks'], { modes: ['databricks'] })
const runFile = { run_id: 'run', path: 'filePath', page_token: 'pageToken' } as const
const modelFile = { model_id: 'loggedModel', paths: 'filePath', page_token: 'pageToken' } as const
const traceFile = { request_id: 'trace', path: 'filePath' } as const
const part = { run_id: 'run', path: 'filePath', upload_id: 'free' } as const
const byPart = ['run_id', 'path', 'upload_id']
/** Of Unity Catalog's models also for clients that have Databricks mode for their registry alone. */
const file = rowsOf('artifact', ['databricks', 'unityCatalog'], { modes: ['databricks', 'http'] })
/** Of a version in a catalog with Databricks' default storage (mlflow/store/artifact/presigned_url_artifact_repo.py). */
const fileUrl = rowsOf('artifact', ['unityCatalog'], {
  modes: ['databricks', 'http'], signsUrl: true, request: 'databricks.CreateFileUrl', response: 'databricks.FileUrl',
})
const answered = (name: string) => ({ request: `databricks.${name}`, response: `databricks.${name}Response` })

/** Signed URLs of single files, by which clients in Databricks mode read and write the storage themselves; and what they try first, the Files API. */
export const databricksArtifactEndpoints = {
  getRunReadCredentials: signed('POST', '/mlflow/artifacts/credentials-for-read', 'read',
    runFile, ['run_id', 'path'], answered('GetRunCredentials')),
  getRunWriteCredentials: signed('POST', '/mlflow/artifacts/credentials-for-write', 'update', runFile, ['run_id', 'path'],
    { ...answered('GetRunCredentials'), repeatable: true }),
  createRunMultipartUpload: signed('POST', '/mlflow/artifacts/create-multipart-upload', 'update',
    { run_id: 'run', path: 'filePath', num_parts: 'free' }, ['run_id', 'path'], answered('CreateMultipartUpload')),
  getRunUploadPartUrl: signed('GET', '/mlflow/artifacts/get-presigned-upload-part-url', 'update',
    { ...part, part_number: 'free' }, byPart, answered('GetPresignedUploadPartUrl')),
  completeRunMultipartUpload: signed('POST', '/mlflow/artifacts/complete-multipart-upload', 'update',
    { ...part, part_etags: 'free' }, byPart, { request: 'databricks.CompleteMultipartUpload' }),
  getLoggedModelReadCredentials: signed('POST', '/mlflow/logged-models/{model_id}/artifacts/credentials-for-download', 'read',
    modelFile, ['model_id', 'paths'], answered('GetLoggedModelCredentials')),
  getLoggedModelWriteCredentials: signed('POST', '/mlflow/logged-models/{model_id}/artifacts/credentials-for-upload', 'update',
    modelFile, ['model_id', 'paths'], { ...answered('GetLoggedModelCredentials'), repeatable: true }),
  getTraceReadCredential: signed('GET', '/mlflow/traces/{request_id}/credentials-for-data-download', 'read',
    traceFile, ['request_id'], answered('GetTraceCredential')),
  getTraceWriteCredential: signed('GET', '/mlflow/traces/{request_id}/credentials-for-data-upload', 'update', traceFile, ['request_id'],
    { ...answered('GetTraceCredential'), repeatable: true }),
  listVersionArtifacts: ofVersion('GET', '/mlflow/model-versions/list-artifacts', 'read',
    { name: 'modelName', version: 'version', path: 'relativePath', page_token: 'pageToken' }, ['name', 'version'],
    answered('ListVersionArtifacts')),
  getVersionReadCredential: ofVersion('GET', '/mlflow/model-versions/get-signed-download-uri', 'read',
    { name: 'modelName', version: 'version', path: 'filePath' }, ['name', 'version', 'path'], answered('GetSignedDownloadUri')),
  readWorkspaceFile: file('GET', '/fs/files/{file_path}', 'read',
    { file_path: 'workspaceFile' }, ['file_path'], { bytes: 'down', request: 'databricks.WorkspaceFile' }),
  writeWorkspaceFile: file('PUT', '/fs/files/{file_path}', 'update',
    { file_path: 'workspaceFile', overwrite: 'free' }, ['file_path'], { bytes: 'up', request: 'databricks.PutWorkspaceFile' }),
  listWorkspaceFolder: file('GET', '/fs/directories/{directory_path}', 'read',
    { directory_path: 'workspaceFile', page_size: 'free', page_token: 'pageToken' }, ['directory_path'],
    { inStorage: 'listFolder', ...answered('ListWorkspaceFolder') }),
  createFileDownloadUrl: fileUrl('POST', '/fs/create-download-url', 'read', { path: 'workspaceFile' }, ['path']),
  createFileUploadUrl: fileUrl('POST', '/fs/create-upload-url', 'update', { path: 'workspaceFile' }, ['path'], { repeatable: true }),
  readDbfsFile: signed('GET', '/dbfs/{file_path}', 'read',
    { file_path: 'dbfsPath' }, ['file_path'], { request: 'databricks.WorkspaceFile', bytes: 'down' }),
  writeDbfsFile: signed('POST', '/dbfs/{file_path}', 'update',
    { file_path: 'dbfsPath' }, ['file_path'], { request: 'databricks.WorkspaceFile', bytes: 'up' }),
  listDbfsFolder: signed('GET', '/dbfs/list', 'read',
    { path: 'dbfsPath' }, ['path'], { request: 'databricks.DbfsPath', response: 'databricks.DbfsListResponse' }),
  getDbfsStatus: signed('GET', '/dbfs/get-status', 'read',
    { path: 'dbfsPath' }, ['path'], { request: 'databricks.DbfsPath', response: 'databricks.DbfsFileInfo' }),
} satisfies Record<string, EndpointRow>
