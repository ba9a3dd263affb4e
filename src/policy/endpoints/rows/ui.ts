import type { EndpointRow } from '../endpoint.ts'

const page = { resource: 'ui', method: 'GET', action: 'read', bytes: 'down', upstreams: ['mlflow'] } as const

/** The web UI's page and its files: the same for everybody. What it shows comes from the other endpoints. */
export const uiEndpoints = {
  getUiPage: {
    ...page, path: '/', fields: {}, required: [], entrance: true,
  },
  getUiFile: {
    ...page, path: '/static-files/{path}', fields: { path: 'relativePath' }, required: ['path'], request: 'handmade.GetUiFile',
  },
} as const satisfies Record<string, EndpointRow>
