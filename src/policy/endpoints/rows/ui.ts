import { type EndpointRow, rowsOf } from '../endpoint.ts'

const page = rowsOf('ui', ['mlflow'], { bytes: 'down' })

/** The web UI's page and its files: the same for everybody. What it shows comes from the other endpoints. */
export const uiEndpoints = {
  getUiPage: page('GET', '/', 'read', {}, [], { entrance: true }),
  getUiFile: page('GET', '/static-files/{path}', 'read', { path: 'relativePath' }, ['path'], { request: 'handmade.GetUiFile' }),
} satisfies Record<string, EndpointRow>
