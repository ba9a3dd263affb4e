import type { FastifyInstance } from 'fastify'
import type { ClientMode, PolicyConfig } from '../../policy/environments/environment.ts'
import { parseIfJson } from '../../policy/messages/json/json-text.ts'
import { noMultipart, Refusal } from '../../policy/reasons.ts'
import { mePath } from '../upstream/open-questions.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import { environmentPrefixes } from './addresses.ts'
import { requestContextOf } from './request-context.ts'
import { scimMe } from './scim-me.ts'
import { whoami } from './whoami.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without authentication. */
    readonly open?: true
    /** Other sites' pages may send it: it does nothing with what a browser adds. */
    readonly fromAnySite?: true
  }
}

/**
 * Databricks' SDK reads a workspace's login methods here, without a token and very often: there are none here but the
 * token that it already has.
 */
function addHostMetadata(app: FastifyInstance): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/.well-known/databricks-config',
    config: { open: true },
    constraints: { clientMode: 'databricks' },
    handler: async ({ auditRecord }, reply) => {
      auditRecord.endpoint = 'databricks-config'
      return reply.type('application/json').header('cache-control', 'public, max-age=3600').send('{}')
    },
  })
}

/** Requests of the UI that are not served, but whose errors its pages would show. */
function addUiAnswers(app: FastifyInstance, base: string): void {
  const telemetry = `${base}/ajax-api/3.0/mlflow/ui-telemetry`
  app.get(telemetry, async ({ auditRecord }) => {
    auditRecord.endpoint = 'telemetry'
    return { disable_ui_telemetry: true, disable_ui_events: [], ui_rollout_percentage: 0 }
  })
  app.post(telemetry, async ({ auditRecord }) => {
    auditRecord.endpoint = 'telemetry'
    return { status: 'disabled' }
  })
  app.route({
    method: ['GET', 'POST'],
    url: `${base}/ajax-api/2.0/mlflow/gateway-proxy`,
    handler: async ({ auditRecord }) => {
      auditRecord.endpoint = 'gateway-proxy'
      return { endpoints: [] }
    },
  })
}

/** Clients of MLflow 2.9 start a multipart upload without a path. After this answer they send the file as a whole, to its run. */
function addMultipartAnswer(app: FastifyInstance, base: string): void {
  for (const api of ['api', 'ajax-api']) {
    app.post(`${base}/${api}/2.0/mlflow-artifacts/mpu/create`, async ({ auditRecord }) => {
      auditRecord.endpoint = 'createMultipartUpload'
      throw new Refusal('no-multipart', noMultipart)
    })
  }
}

/** The principal of the credentials in the workspace; null if the workspace does not say. */
async function askMe(upstream: Upstream, credentials: CallerCredentials): Promise<string | null> {
  try {
    const { status, text } = await upstream.lookUp(mePath, {}, credentials)
    return status === 200 && parseIfJson(text) instanceof Map ? text : null
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

/** What Databricks' clients read along with other answers: the workspace's number, and who they are. */
function addWorkspaceAnswers(app: FastifyInstance, config: PolicyConfig, upstream: Upstream): void {
  app.addHook('onSend', async (_request, reply) => {
    if (upstream.transport.workspaceId !== null) reply.header('x-databricks-org-id', upstream.transport.workspaceId)
  })
  for (const base of environmentPrefixes) {
    app.get(`${base}${mePath}`, async (request, reply) => {
      const { principal, environment, credentials } = requestContextOf(config, 'me', request)
      const passes = upstream.transport.passesTokens(environment.name)
      // The request may only be for the workspace's number.
      const said = passes || upstream.transport.workspaceId === null ? await askMe(upstream, credentials) : null
      const me = passes && said !== null ? said : JSON.stringify(scimMe(principal))
      return reply.type('application/json').send(me)
    })
  }
}

/** Requests that the proxy answers itself: MLflow's own `/health`, which reveals nothing and needs no token, and the caller's identity. */
export function addLocalRoutes(
  app: FastifyInstance,
  config: PolicyConfig,
  modes: readonly ClientMode[],
  upstream: Upstream,
): void {
  if (config.kind === 'databricks') addWorkspaceAnswers(app, config, upstream)
  if (modes.includes('databricks')) addHostMetadata(app)
  for (const base of environmentPrefixes) {
    app.route({
      method: ['GET', 'HEAD'],
      url: `${base}/health`,
      config: { open: true },
      handler: async ({ auditRecord }, reply) => {
        auditRecord.endpoint = 'health'
        return reply.type('text/plain').send('OK')
      },
    })
    addUiAnswers(app, base)
    addMultipartAnswer(app, base)
    app.get(`${base}/-/whoami`, async (request) => {
      request.auditRecord.endpoint = 'whoami'
      return whoami(config, request)
    })
  }
}
