import { type Declarations, partOf, passes } from '../declaration.ts'

const relative = passes('relative to the artifacts that were asked for')
const inFolder = passes('of a file in the folder that was asked for')
const signed = passes('a signed address of exactly the file that was judged')
const upload = passes('of the upload to the place that was judged')
const folder = partOf('the folder that was asked for')
const file = partOf('the place that was asked for')

/** Listings of artifacts, and what a server gives its clients to read and write them. */
export const artifactMessages: Declarations = {
  'mlflow.ListArtifacts.Response': { owner: folder, fields: { root_uri: 'location' } },
  'mlflow.ListLoggedModelArtifacts.Response': { owner: folder, fields: { root_uri: 'location' } },
  'mlflow.FileInfo': { owner: folder, fields: { path: relative } },
  'mlflow.artifacts.FileInfo': { owner: folder, fields: { path: relative } },
  'mlflow.artifacts.CreateMultipartUpload.Response': { owner: file, fields: { upload_id: upload } },
  'mlflow.artifacts.MultipartUploadCredential': { owner: file, fields: { url: signed } },
  'databricks.ArtifactCredentialInfo': {
    owner: file,
    fields: {
      run_id: passes('the run that was asked for, and judged'),
      path: passes('the path that was asked for'),
      signed_uri: signed,
    },
  },
  'databricks.LoggedModelArtifactCredential': {
    owner: file,
    fields: { model_id: passes('the logged model that was asked for, and judged') },
  },
  'databricks.CreateMultipartUploadResponse': { owner: file, fields: { upload_id: upload } },
  'databricks.GetSignedDownloadUriResponse': { owner: file, fields: { signed_uri: signed } },
  'databricks.FileUrl': { owner: file, fields: { url: signed } },
  'databricks.HttpHeader': { owner: file, fields: { name: passes('of a header that the storage wants') } },
  'databricks.DbfsFileInfo': { owner: folder, fields: { path: inFolder } },
  'databricks.WorkspaceFolderEntry': { owner: folder, fields: { path: inFolder, name: inFolder } },
}
