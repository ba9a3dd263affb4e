import type { FastifyRequest } from 'fastify'
import { isAdministrator, isReader } from '../../policy/environments/choose-environment.ts'
import type { ClientMode, Environment, PolicyConfig } from '../../policy/environments/environment.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import type { VersionTag } from '../../policy/promotions/promotion-tags.ts'
import { Refusal } from '../../policy/reasons.ts'
import { readBearerToken } from '../auth/compact-token.ts'
import type { AuditRecord } from '../observability/audit-record.ts'
import { passedIds, readRequestId } from '../observability/request-ids.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import { environmentOf } from './request-hooks.ts'

/** The caller and the environment, known before any endpoint is considered. */
export interface RequestContext {
  readonly principal: Principal
  readonly environment: Environment
  /** Whether the caller is an administrator of the environment. */
  readonly administrator: boolean
  /** Whether the caller may only read and search there. */
  readonly reader: boolean
  readonly mode: ClientMode
  readonly credentials: CallerCredentials
  readonly auditRecord: AuditRecord
  /** Of the promotion that the proxy carries out for the caller; left out: the request is the caller's own. */
  readonly record?: readonly VersionTag[] | undefined
}

/** The caller's credentials, normalised: they may be sent upstream, and are compared. */
function authorizationOf({ headers, heldToken }: FastifyRequest): string | null {
  const token = headers.authorization === undefined ? heldToken : readBearerToken([headers.authorization])
  return token === null ? null : `Bearer ${token}`
}

/** What the upstream is asked with for a request, in an environment. */
export function credentialsOf(request: FastifyRequest, environment: string): CallerCredentials {
  const { auditRecord } = request
  const noteStatus = (status: number, upstreamRequestId?: unknown) => {
    auditRecord.upstreamStatus = status
    if (upstreamRequestId !== undefined) auditRecord.upstreamRequestId = readRequestId(upstreamRequestId)
  }
  return {
    authorization: authorizationOf(request),
    noteStatus,
    ids: passedIds(request.headers),
    environment,
    signal: request.gone,
    memory: request.admission.memory,
  }
}

/** The context of an authenticated request. Throws `unauthenticated`, or the refusal for its environment. */
export function requestContextOf(config: PolicyConfig, endpointName: string, request: FastifyRequest): RequestContext {
  const { authenticated, auditRecord } = request
  auditRecord.endpoint = endpointName
  const environment = environmentOf(config, request)
  auditRecord.environment = environment
  if (authenticated === null) throw new Refusal('unauthenticated', 'The request has no token.')
  const { principal } = authenticated
  const administrator = isAdministrator(environment, principal)
  auditRecord.administrator = administrator
  const { mode } = request.ingress
  const credentials = credentialsOf(request, environment.name)
  const reader = isReader(environment, principal)
  return { principal, environment, administrator, reader, mode, credentials, auditRecord }
}
