import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../../policy/reasons.ts'
import { meantAddress, methods } from './framing.ts'
import type { IngressOf } from './ingress.ts'

type Addressed = Pick<IncomingMessage, 'url'>

/** What the routes of this file are below. No client sends them: below the base path they are addresses like any other, and unknown there. */
const [outside, entrance] = ['/-/outside', '/-/entrance'] as const

/** The address of a request below a base path, as it would be at the root: no route is ever reached by an address that is not below it. */
function addressBelow(basePath: string, { url = '' }: Addressed): string {
  const plain = url.startsWith('//') && !url.startsWith('///') ? url.slice(1) : url
  if (plain.startsWith(`${basePath}/`)) return meantAddress({ url: plain.slice(basePath.length) })
  return plain === basePath || plain.startsWith(`${basePath}?`) ? entrance : outside
}

/** How addresses are read on a port. `DATABRICKS_HOST` has no path: its clients are served at the root. */
export function addressesBelow(basePath: string, ingressOf: IngressOf): (message: IncomingMessage) => string {
  if (basePath === '') return meantAddress
  return (message) => (ingressOf(message).mode === 'databricks' ? meantAddress(message) : addressBelow(basePath, message))
}

/** Answers what is not below the base path: nobody need be known to be told where the proxy is. */
export function addBasePath(app: FastifyInstance, basePath: string): void {
  if (basePath === '') return
  const config = { open: true } as const
  app.route({
    method: ['GET', 'HEAD'],
    url: entrance,
    config,
    handler: async ({ auditRecord }, reply) => {
      auditRecord.endpoint = 'getUiPage'
      // The UI's addresses are relative.
      return reply.redirect(`${basePath}/`, 308)
    },
  })
  app.route({
    method: [...methods],
    url: outside,
    config,
    handler: () => {
      throw new Refusal(
        'unknown-endpoint',
        `There is nothing here: this proxy is served below ${basePath}. Set MLFLOW_TRACKING_URI to its address with ${basePath} at the end.`,
      )
    },
  })
}
