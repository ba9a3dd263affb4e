import type { EndpointRow } from '../endpoint.ts'

export const serverEndpoints = {
  getServerVersion: {
    resource: 'server', method: 'GET', path: '/version', action: 'read', fields: {}, required: [], bytes: 'down', upstreams: ['mlflow'],
  },
} as const satisfies Record<string, EndpointRow>
