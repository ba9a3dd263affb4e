import { type Declarations, partOf } from '../declaration.ts'

/** What a server says of itself to its UI. */
export const serverMessages: Declarations = {
  'handmade.ServerInfo': {
    owner: partOf('the server'),
    fields: {
      workspaces_enabled: 'off',
      multipart_uploads_enabled: 'off',
      multipart_downloads_enabled: 'off',
      presigned_upload_run_id_supported: 'off',
      presigned_upload_model_id_supported: 'off',
      model_artifact_presigned_downloads_supported: 'off',
    },
  },
  // The UI's pages behind the gateway's flag are those of administration.
  'handmade.ServerFeatures': {
    owner: partOf('the server'),
    fields: { gateway: 'forAdministrators', scheduled_issue_detection: 'off' },
  },
}
