import type { EndpointRow } from '../endpoint.ts'

/** What MLflow says of itself. What the proxy does not serve is said to be off. */
export const serverEndpoints = {
  getServerInfo: {
    resource: 'server', method: 'GET', path: '/mlflow/server-info', action: 'read', response: 'handmade.ServerInfo', fields: {}, required: [],
    upstreams: ['mlflow'],
  },
  getServerVersion: {
    resource: 'server', method: 'GET', path: '/version', action: 'read', fields: {}, required: [], bytes: 'down', upstreams: ['mlflow'],
  },
} as const satisfies Record<string, EndpointRow>
