import type { OpenEndpoint } from '../../../policy/endpoints/endpoint.ts'
import { endpointTable } from '../../../policy/endpoints/endpoint-table.ts'
import type { ClientMode, ServerKind } from '../../../policy/environments/environment.ts'
import type { Grant } from '../../../policy/grant.ts'
import type { JsonObject } from '../../../policy/messages/json/json.ts'
import type { RequestContext } from '../../http/request-context.ts'

/** A granted request that is being carried out. */
export interface GrantedRequest {
  readonly requestContext: RequestContext
  readonly grant: Grant
  /** Whether rows of the answer that are not needed any more may be printed at once. */
  readonly printsRows: boolean
}

/** One way to carry out requests that are messages. */
export interface Strategy {
  /** Whether it serves an endpoint, according to its row. */
  serves(endpoint: OpenEndpoint): boolean
  /** Carries out a granted request; the answer has the caller's names. Throws UpstreamError for MLflow's own error; everything else is a Refusal. */
  carryOut(granted: GrantedRequest): Promise<JsonObject>
}

const modes: readonly ClientMode[] = ['http', 'databricks']

/** The strategy of each endpoint, chosen at start: the one in `own` that serves it, otherwise `forward`. */
export function chooseStrategies(
  kind: ServerKind,
  own: readonly Strategy[],
  forward: Strategy,
): ReadonlyMap<OpenEndpoint, Strategy> {
  const endpoints = modes.flatMap((mode) => [...endpointTable(kind, mode).open.values()])
  return new Map(
    endpoints.map((endpoint) => {
      const [chosen = forward, ...others] = own.filter((strategy) => strategy.serves(endpoint))
      if (others.length > 0) throw new Error(`${endpoint.name} has more than one strategy`)
      return [endpoint, chosen]
    }),
  )
}
