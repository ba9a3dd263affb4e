import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { chooseEnvironment, environmentsOf } from '../../policy/environments/choose-environment.ts'
import type { Environment, PolicyConfig } from '../../policy/environments/environment.ts'
import type { Authenticated } from '../../policy/identity/claims.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Authenticator } from '../auth/authenticate.ts'
import { lendIdentity, refuseOwn, type Sidecar } from '../auth/sidecar.ts'
import type { End } from '../network/request-end.ts'
import { type AuditRecord, newAuditRecord } from '../observability/audit-record.ts'
import { showSegment } from '../observability/shown-path.ts'
import { addressParts } from './addresses.ts'
import type { BrowserSessions } from './browser.ts'
import type { Connections } from './connections.ts'
import { checkSite } from './cross-site.ts'
import { checkMessage, isPreflight } from './framing.ts'
import type { Ingress, IngressOf } from './ingress.ts'
import { isForReading } from './respond.ts'

declare module 'fastify' {
  interface FastifyRequest {
    auditRecord: AuditRecord
    ingress: Ingress
    /** Aborted with `clientGone` if the client disconnects. */
    gone: End
    authenticated: Authenticated | null
  }
}

function authorizationValues({ raw }: FastifyRequest): string[] {
  return raw.rawHeaders.filter((_value, index) => index % 2 === 1 && raw.rawHeaders[index - 1]?.toLowerCase() === 'authorization')
}

/** Who sends a request to a sidecar: always the process itself. */
async function identifyOwn(request: FastifyRequest, authenticator: Authenticator, sidecar: Sidecar): Promise<Authenticated> {
  const own = await lendIdentity(request.raw, sidecar)
  try {
    return await authenticator.authenticate(authorizationValues(request))
  } catch (error) {
    throw refuseOwn(error, own, sidecar.token)
  }
}

/** The caller by their login in a browser. */
async function identifyPerson(
  authenticator: Authenticator,
  sessions: BrowserSessions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Authenticated> {
  const known = await sessions.authenticate(request, reply)
  if (known !== null) return known
  if (isForReading(request)) throw new Refusal('unauthenticated', 'Log in to open MLflow.')
  return authenticator.authenticate([])
}

/** The caller by their token, or else by their login; at once if the token is known. */
function identify(
  authenticator: Authenticator,
  sessions: BrowserSessions | null,
  request: FastifyRequest,
  reply: FastifyReply,
): Authenticated | Promise<Authenticated> {
  const values = authorizationValues(request)
  if (values.length === 0 && sessions !== null) return identifyPerson(authenticator, sessions, request, reply)
  return authenticator.authenticate(values)
}

function admit(request: FastifyRequest, authenticated: Authenticated): void {
  request.authenticated = authenticated
  request.auditRecord.principal = authenticated.principal
  request.gone.throwIfAborted()
}

/** For every request, known or not: checks that it is one HTTP message, and who sends it. */
export function addRequestHooks(
  app: FastifyInstance,
  authenticator: Authenticator,
  ingressOf: IngressOf,
  connections: Connections,
  sidecar: Sidecar | null = null,
  sessions: BrowserSessions | null = null,
): void {
  app.decorateRequest('authenticated', null)
  app.decorateRequest('browser', null)
  app.decorateRequest('heldToken', null)
  // A getter that throws if a hook was skipped would be no better than null: the audit record is set first.
  app.decorateRequest('auditRecord')
  app.decorateRequest('ingress')
  app.decorateRequest('gone')
  app.addHook('onRequest', (request, reply, done) => {
    request.auditRecord = newAuditRecord(request.raw)
    request.gone = connections.goneOf(request.raw, reply.raw)
    request.ingress = ingressOf(request.raw)
    reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    checkMessage(request.raw)
    // It has no route, and is answered by the not-found handler.
    if (isPreflight(request.raw)) return done()
    if (request.routeOptions.config.fromAnySite !== true) checkSite(request.raw)
    if (request.routeOptions.config.open === true) return done()
    const identified =
      sidecar === null ? identify(authenticator, sessions, request, reply) : identifyOwn(request, authenticator, sidecar)
    if (identified instanceof Promise) return identified.then((authenticated) => admit(request, authenticated))
    admit(request, identified)
    done()
  })
}

function namedEnvironment({ raw }: FastifyRequest): string | null {
  const { environment } = addressParts(raw)
  return environment === null ? null : decodeURIComponent(environment)
}

/** The environment of a request. An incomplete list of groups is mentioned in the message, because it may be the cause. */
export function environmentOf(config: PolicyConfig, request: FastifyRequest): Environment {
  const { authenticated, ingress } = request
  if (authenticated === null) throw new Refusal('unauthenticated', 'The request has no token. Set MLFLOW_TRACKING_TOKEN.')
  const { principal, overage, unknownGroups } = authenticated
  if (overage && unknownGroups === undefined && environmentsOf(config, principal).length === 0) {
    throw new Refusal(
      'no-environment',
      'You are in too many groups for your token to list them. Ask an administrator for an app role of the environment.',
    )
  }
  const named = namedEnvironment(request)
  const asked = named ?? ingress.environment
  if (asked !== null) request.auditRecord.askedEnvironment = showSegment(asked)
  if (named !== null && ingress.environment !== null && named !== ingress.environment) {
    throw new Refusal(
      'environment-not-allowed',
      `This host name is for environment '${ingress.environment}', not for '${named}'.`,
    )
  }
  try {
    return chooseEnvironment(config, principal, asked, ingress.choice)
  } catch (error) {
    // What is unknown is not absent: the group that is missing may be among those that could not be read.
    const isAbout = error instanceof Refusal && (error.reason === 'no-environment' || error.reason === 'environment-not-allowed')
    throw isAbout ? (unknownGroups ?? error) : error
  }
}
