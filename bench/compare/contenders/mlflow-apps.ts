import { once } from 'node:events'
import { createServer } from 'node:http'
import { dirname } from 'node:path'
import { ensurePythonEnvironments, newestMlflow } from '../../../scripts/setup/python-environments.mjs'
import { type MlflowServer, startMlflow } from '../../../test/harness/mlflow-server.ts'
import type { Contender, Kind } from '../contender.ts'

const contender = (name: string, server: MlflowServer): Contender => ({
  name,
  url: server.url,
  pid: null,
  startMs: 0,
  logs: () => server.logs().slice(-2000),
  close: () => server.close(),
})

/** MLflow's own users and permissions, on the database of another MLflow server. */
export const basicAuth = (beside: MlflowServer): Kind => ({
  name: 'basic-auth',
  async start() {
    const server = await startMlflow({
      version: newestMlflow,
      workers: 4,
      dir: dirname(beside.artifactFolder),
      flags: ['--app-name', 'basic-auth'],
      env: { MLFLOW_FLASK_SERVER_SECRET_KEY: 'only for a measurement' },
    })
    const authorization = `Basic ${Buffer.from('admin:password1234').toString('base64')}`
    return { ...contender('basic-auth', server), authorization }
  },
})

/** Where the test issuer's keys are, as a discovery document says it. */
async function startDiscovery(authority: string, tenantId: string): Promise<{ url: string; close(): void }> {
  const issuer = `${authority}/${tenantId}`
  const document = JSON.stringify({ issuer: `${issuer}/v2.0`, jwks_uri: `${issuer}/discovery/v2.0/keys` })
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(document)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the discovery document has no port')
  return { url: `http://127.0.0.1:${address.port}`, close: () => void server.close() }
}

/** mlflow-oidc-auth, with a database of its own. */
export const oidcAuth: Kind = {
  name: 'mlflow-oidc-auth',
  async start({ issuer: { authority, tenantId, audience } }) {
    await ensurePythonEnvironments(['oidc-auth'], (line) => console.error(line))
    const discovery = await startDiscovery(authority, tenantId)
    const env = {
      SECRET_KEY: 'only for a measurement',
      OIDC_DISCOVERY_URL: discovery.url,
      OIDC_CLIENT_ID: audience,
      OIDC_CLIENT_SECRET: 'none',
      OIDC_AUDIENCE: audience,
      OIDC_ISSUER: `${authority}/${tenantId}/v2.0`,
      OIDC_PROVISION_ON_BEARER_AUTH: 'true',
      OIDC_USERNAME_FIELD: 'oid',
      OIDC_GROUPS_ATTRIBUTE: 'roles',
      OIDC_GROUP_NAME: 'apps_acc',
      DEFAULT_MLFLOW_PERMISSION: 'MANAGE',
    }
    const server = await startMlflow({ version: 'oidc-auth', workers: 4, flags: ['--app-name', 'oidc-auth'], env }).catch(
      (error) => {
        discovery.close()
        throw error
      },
    )
    const close = async () => {
      discovery.close()
      await server.close()
    }
    return { ...contender('mlflow-oidc-auth', server), close }
  },
}
