import { checkSizes } from './checks/request/sizes.ts'
import type { DecodedRequest } from './decoded-request.ts'
import type { Environment, PolicyConfig } from './environments/environment.ts'
import type { EvaluationContext } from './evaluation-context.ts'
import { ask, type Evaluation } from './fact-query.ts'
import { keysOf } from './freeze-keys.ts'
import { type Grant, type GrantContext, issueGrant } from './grant.ts'
import { asFirstApi } from './names/catalog-model-names.ts'
import { notThereYet } from './names/ids.ts'
import { defaultExperiment } from './names/names.ts'
import { planOf } from './plan.ts'
import { Refusal } from './reasons.ts'
import { withoutOwnRules } from './shadow.ts'

export type Decision = { readonly allow: Grant } | { readonly deny: Refusal }

function contextOf(config: PolicyConfig, environment: Environment, request: DecodedRequest): EvaluationContext {
  const { endpoint, message, mode = 'http', administrator = false, reader = false, record = null } = request
  return {
    endpoint,
    message,
    config,
    environment,
    administrator,
    reader,
    mode,
    record,
    references: [],
    visibleExperiments: new Set(),
    visibleTraces: new Set(),
    admitted: new Set(),
    passedOver: new Set(),
    changes: [],
    promotes: new Set(),
    scope: environment,
    defaultExperimentId: '',
    version: null,
    sourceRunId: null,
    sourceLocation: null,
    usageExperimentId: null,
    missing: [],
  }
}

/** Whether the request has to do with the environment's default experiment, and it is not there: to clients a fresh server has one. */
function lacksDefault({ endpoint, defaultExperimentId, visibleExperiments }: EvaluationContext): boolean {
  return defaultExperimentId === notThereYet && (endpoint.resource === 'experiment' || visibleExperiments.has(notThereYet))
}

/** The facts of a decision as the grant keeps them, immutable. */
function granted(
  { endpoint, message, changes, promotes, ...found }: EvaluationContext,
  wouldRefuse: Refusal | null,
): GrantContext {
  return { ...found, wouldRefuse, said: message, changes: [...new Set(changes.flatMap(keysOf))], promotes: [...promotes] }
}

/**
 * Decides one request: pure, and the only maker of grants. It asks about MLflow by yielding questions.
 * All of it happens before the first upstream byte of a change.
 */
export function* decide(config: PolicyConfig, environment: Environment, request: DecodedRequest): Evaluation<Decision> {
  const decision = yield* judge(config, environment, request, null)
  if (environment.enforcement !== 'shadow' || 'allow' in decision) return decision
  const free = withoutOwnRules(config, environment, request, decision.deny)
  if (free === null) return decision
  // Everything is checked again: what is let pass is what one rule less would have allowed.
  const other = yield* judge(config, free.environment, free.request, decision.deny)
  return 'allow' in other ? other : decision
}

/** One decision. `wouldRefuse`: the refusal that it takes the place of. */
function* judge(
  config: PolicyConfig,
  environment: Environment,
  request: DecodedRequest,
  wouldRefuse: Refusal | null,
): Evaluation<Decision> {
  try {
    checkSizes(planOf(request.endpoint).sizes, request.message)
    const context = contextOf(config, environment, asFirstApi(config, environment, request))
    const { endpoint, message } = context
    const { staticChecks, askingChecks } = planOf(endpoint)
    for (const { judge } of staticChecks.values()) judge(context)
    const name = defaultExperiment(environment)
    context.defaultExperimentId = (yield* ask({ about: 'defaultExperiment', name })) ?? notThereYet
    for (const { inquire } of askingChecks.values()) yield* inquire(context)
    if (lacksDefault(context)) context.missing.push(name)
    return { allow: issueGrant(request.endpointName, endpoint, message, granted(context, wouldRefuse)) }
  } catch (error) {
    if (error instanceof Refusal) return { deny: error }
    throw error
  }
}
