import type { Field } from './field.ts'

const text: Field = { type: 'string' }
const texts: Field = { type: 'string', repeated: true }
const integer: Field = { type: 'int64' }
const one = (message: string): Field => ({ type: 'message', message: `databricks.${message}` })
const many = (message: string): Field => ({ type: 'message', message: `databricks.${message}`, repeated: true })
const types = ['AZURE_SAS_URI', 'AWS_PRESIGNED_URL', 'GCP_SIGNED_URL', 'AZURE_ADLS_GEN2_SAS_URI']

/**
 * What a workspace gives its own clients for artifacts: mlflow/protos/databricks_artifacts.proto, and the registry's two calls of
 * mlflow/store/artifact/databricks_models_artifact_repo.py, which have no protobuf; and
 * the Files API and DBFS as databricks-sdk has them (databricks/sdk/service/files.py).
 */
export const credentialMessages: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  'databricks.WorkspaceFile': {},
  'databricks.PutWorkspaceFile': { overwrite: { type: 'bool' } },
  'databricks.ListWorkspaceFolder': { page_size: integer, page_token: text },
  'databricks.WorkspaceFolderEntry': { path: text, name: text, is_directory: { type: 'bool' }, file_size: integer },
  'databricks.ListWorkspaceFolderResponse': { contents: many('WorkspaceFolderEntry'), next_page_token: text },
  'databricks.CreateFileUrl': { path: text },
  'databricks.FileUrl': { url: text, headers: many('HttpHeader') },
  'databricks.DbfsPath': { path: text },
  'databricks.DbfsFileInfo': { path: text, is_dir: { type: 'bool' }, file_size: integer, modification_time: integer },
  'databricks.DbfsListResponse': { files: many('DbfsFileInfo') },
  'databricks.HttpHeader': { name: text, value: text },
  'databricks.ArtifactCredentialInfo': {
    run_id: text,
    path: text,
    signed_uri: text,
    headers: many('HttpHeader'),
    type: { type: 'enum', values: types },
  },
  'databricks.GetRunCredentials': { run_id: text, path: texts, page_token: text },
  'databricks.GetRunCredentialsResponse': { credential_infos: many('ArtifactCredentialInfo'), next_page_token: text },
  'databricks.CreateMultipartUpload': { run_id: text, path: text, num_parts: integer },
  'databricks.CreateMultipartUploadResponse': {
    upload_id: text,
    upload_credential_infos: many('ArtifactCredentialInfo'),
    abort_credential_info: one('ArtifactCredentialInfo'),
  },
  'databricks.GetPresignedUploadPartUrl': { run_id: text, path: text, upload_id: text, part_number: integer },
  'databricks.GetPresignedUploadPartUrlResponse': { upload_credential_info: one('ArtifactCredentialInfo') },
  'databricks.PartEtag': { part_number: integer, etag: text },
  'databricks.CompleteMultipartUpload': { run_id: text, path: text, upload_id: text, part_etags: many('PartEtag') },
  'databricks.GetLoggedModelCredentials': { model_id: text, paths: texts, page_token: text },
  'databricks.LoggedModelArtifactCredential': { model_id: text, credential_info: one('ArtifactCredentialInfo') },
  'databricks.GetLoggedModelCredentialsResponse': { credentials: many('LoggedModelArtifactCredential'), next_page_token: text },
  'databricks.GetTraceCredential': { request_id: text, path: text },
  'databricks.GetTraceCredentialResponse': { credential_info: one('ArtifactCredentialInfo') },
  'databricks.ListVersionArtifacts': { name: text, version: text, path: text, page_token: text },
  'databricks.ListVersionArtifactsResponse': {
    files: { type: 'message', message: 'mlflow.FileInfo', repeated: true },
    next_page_token: text,
  },
  'databricks.GetSignedDownloadUri': { name: text, version: text, path: text },
  'databricks.GetSignedDownloadUriResponse': { signed_uri: text, headers: many('HttpHeader') },
}
