import type { FastifyReply, FastifyRequest } from 'fastify'
import { findEndpoint } from '../../policy/endpoints/find-endpoint.ts'
import { type PolicyConfig, serverKindOf } from '../../policy/environments/environment.ts'
import { Refusal } from '../../policy/reasons.ts'
import { addressParts } from './addresses.ts'
import { isSameHost } from './cross-site.ts'
import { methods, unknownAddress } from './framing.ts'

const loopback = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?$/i

/**
 * Returns the methods of an address. No page of another origin is ever allowed to use them (`cross-site.ts`): MLflow answers 400 to
 * other origins, and unlike MLflow the proxy makes no exception for pages of the same machine.
 */
export function answerPreflight(
  config: PolicyConfig,
  { raw, auditRecord, ingress }: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  auditRecord.endpoint = 'preflight'
  const { origin, host } = raw.headers
  if (origin !== undefined && !isSameHost(origin, host) && !loopback.test(origin))
    throw new Refusal('cross-site', `Pages of other origins may not send requests to this server ('${origin.slice(0, 100)}').`)
  const { path } = addressParts(raw)
  const served = methods.filter((method) => findEndpoint(method, path, serverKindOf(config), ingress.mode) !== null)
  if (served.length === 0) throw unknownAddress(raw)
  return reply
    .code(204)
    .headers({ allow: [...served, 'OPTIONS'].join(', '), vary: 'Origin' })
    .send()
}
