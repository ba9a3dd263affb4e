import { type EndpointRow, rowsOf } from '../endpoint.ts'

const server = rowsOf('server', ['mlflow'])

/** What MLflow says of itself. What the proxy does not serve is said to be off. */
export const serverEndpoints = {
  getServerInfo: server('GET', '/mlflow/server-info', 'read', {}, [], { response: 'handmade.ServerInfo' }),
  getServerVersion: server('GET', '/version', 'read', {}, [], { bytes: 'down' }),
} satisfies Record<string, EndpointRow>
