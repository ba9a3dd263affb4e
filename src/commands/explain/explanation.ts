import { type Decision, decide } from '../../policy/decide.ts'
import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { findEndpoint } from '../../policy/endpoints/find-endpoint.ts'
import { chooseEnvironment, isAdministrator, isReader } from '../../policy/environments/choose-environment.ts'
import { type ClientMode, type Environment, serverKindOf } from '../../policy/environments/environment.ts'
import type { AuditedReference } from '../../policy/grant.ts'
import { decodeRequest } from '../../policy/messages/decode-request.ts'
import { isBehind, type Reason, Refusal } from '../../policy/reasons.ts'
import { upstreamRequest } from '../../rewrite/request/upstream-request.ts'
import type { Config } from '../../server/config/config-types.ts'
import { evaluate, type FactSource } from '../../server/facts/evaluate.ts'
import { addressParts } from '../../server/http/addresses.ts'
import { readPathParams } from '../../server/http/path-params.ts'
import { UnknownFact } from './given-facts.ts'

/** A request of a caller. */
export interface Asked {
  readonly groups: readonly string[]
  /** The environment that the caller chooses; null: the one in the path, or the only one. */
  readonly environment: string | null
  readonly mode: ClientMode
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly body: string
}

/** Where a request leads before it is decided about. */
export interface Way {
  readonly environment: Environment
  readonly role: 'administrator' | 'reader' | 'caller'
  readonly endpoint: OpenEndpoint
  readonly path: string
}

/** What would become of a request. */
export interface Explanation {
  /** `answered`: by the proxy itself. `undecided`: something is not known. */
  readonly decision: 'allow' | 'deny' | 'answered' | 'undecided'
  readonly way: Way | null
  readonly reason: Reason | null
  readonly message: string | null
  readonly references: readonly AuditedReference[]
  /** Experiments that have to be made first: the request to MLflow is not known before. */
  readonly makes: readonly string[]
  readonly upstream: { readonly method: string; readonly target: string; readonly body: string | null } | null
}

const nothing = { way: null, reason: null, message: null, references: [], makes: [], upstream: null } as const

/** The environment and endpoint of a request, or what is said of it without a decision. Throws Refusal. */
export function findWay(config: Config, asked: Asked): Way | Explanation {
  const { environment: inPath, path } = addressParts({ url: asked.target })
  const principal = { tenantId: 'explain', objectId: 'explain', kind: 'application', groups: asked.groups } as const
  if (asked.mode === 'databricks' && config.databricksHost === undefined) {
    const message = 'There is no listener for clients in Databricks mode: the configuration has no databricksHost.'
    throw new Refusal('unknown-endpoint', message)
  }
  const environment = chooseEnvironment(config, principal, asked.environment ?? inPath)
  const found = findEndpoint(asked.method, path, serverKindOf(config), asked.mode)
  if (found === null) throw new Refusal('unknown-endpoint', 'No MLflow server that this proxy knows has this method and path.')
  if ('closed' in found && found.closed.local) return { ...nothing, decision: 'answered', message: found.closed.closed }
  if ('closed' in found) throw new Refusal(found.closed.hidden ? 'unknown-endpoint' : 'closed-endpoint', found.closed.closed)
  const role = isAdministrator(environment, principal) ? 'administrator' : isReader(environment, principal) ? 'reader' : 'caller'
  return { environment, role, endpoint: found.open, path }
}

function outcome(way: Way, decision: Decision): Explanation {
  if ('deny' in decision) return refused(decision.deny, way)
  const { missing: makes, references, wouldRefuse } = decision.allow.context
  const message = wouldRefuse === null ? null : `in shadow: ${wouldRefuse.reason}. ${wouldRefuse.message}`
  const allowed = { ...nothing, decision: 'allow', way, message, references, makes } as const
  if (makes.length > 0) return allowed
  const { method, target, body } = upstreamRequest(decision.allow)
  return { ...allowed, upstream: { method, target, body } }
}

function refused({ reason, message }: Refusal, way: Way | null): Explanation {
  return { ...nothing, decision: isBehind(reason) ? 'undecided' : 'deny', way, reason, message }
}

async function judge(config: Config, way: Way, asked: Asked, facts: FactSource): Promise<Explanation> {
  const { environment, endpoint, path, role } = way
  const [, ...queries] = asked.target.split('?')
  const raw = {
    method: asked.method,
    rawQuery: queries.join('?'),
    body: Buffer.from(asked.body),
    contentType: 'application/json',
    pathParams: readPathParams(endpoint, path),
  }
  const request = {
    endpointName: endpoint.name,
    endpoint,
    message: decodeRequest(endpoint, raw, config),
    mode: asked.mode,
    administrator: role === 'administrator',
    reader: role === 'reader',
  }
  return outcome(way, await evaluate(decide(config, environment, request), facts))
}

/** Decides about a request as the proxy would, with these facts. */
export async function explainRequest(
  config: Config,
  asked: Asked,
  facts: (environment: Environment) => FactSource,
): Promise<Explanation> {
  let way: Way | null = null
  try {
    const found = findWay(config, asked)
    if ('decision' in found) return found
    way = found
    return await judge(config, way, asked, facts(way.environment))
  } catch (error) {
    if (error instanceof UnknownFact) return { ...nothing, decision: 'undecided', way, message: error.message }
    if (error instanceof Refusal) return refused(error, way)
    throw error
  }
}
