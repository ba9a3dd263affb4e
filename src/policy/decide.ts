import { checkPaths, checkStorePaths } from './checks/artifacts/artifact-paths.ts'
import { checkExperimentTags } from './checks/experiments/experiment-tags.ts'
import { checkDestinations } from './checks/gateway/destinations.ts'
import { checkGatewayThings } from './checks/gateway/gateway-things.ts'
import { usageExperiment } from './checks/gateway/usage-experiment.ts'
import { checkEntities, checkEntityLimits } from './checks/genai/entities.ts'
import { checkAdministrator } from './checks/request/administrators.ts'
import { checkDemands, checkFirstDemands } from './checks/request/demands.ts'
import { checkLinks } from './checks/request/links.ts'
import { checkDefaultKeepsItsName, checkGateway, checkNames } from './checks/request/name-fields.ts'
import { checkShape } from './checks/request/shape.ts'
import { checkSizes } from './checks/request/sizes.ts'
import { checkTags, isRegistrationNote } from './checks/request/tags.ts'
import { checkDataNames, checkDataSources } from './checks/runs/data-sources.ts'
import { checkMetricSteps } from './checks/runs/metric-history.ts'
import {
  ownExperiment,
  relatedLoggedModel,
  relatedRun,
  searchableExperiments,
  subjectLoggedModel,
  subjectRun,
} from './checks/runs/owned-ids.ts'
import { checkLoggedModelSearch } from './checks/search/logged-model-search.ts'
import { searchScope } from './checks/search/search-scope.ts'
import { checkServedVersions, checkServing } from './checks/serving/served-versions.ts'
import { checkTraceFilters } from './checks/traces/trace-filter.ts'
import { checkTraceDeletion, checkTraceIds, checkTraces } from './checks/traces/trace-ids.ts'
import { checkTraceNames, checkTraceTags } from './checks/traces/trace-tags.ts'
import { checkNotFrozen, noteChange } from './checks/versions/freeze.ts'
import { checkPromptTags } from './checks/versions/prompt-tags.ts'
import { checkArtifactLocation, checkSourceText, checkVersionSource } from './checks/versions/sources.ts'
import { checkVersionBytes } from './checks/versions/version-bytes.ts'
import { checkVersions } from './checks/versions/versions.ts'
import { checkWorkspaceIds } from './checks/workspace/workspace-ids.ts'
import { checkWorkspacePrompts, workspaceSource } from './checks/workspace/workspace-registry.ts'
import type { OpenEndpoint } from './endpoints/endpoint.ts'
import type { ClientMode, Environment, PolicyConfig } from './environments/environment.ts'
import { type EvaluationContext, reads, subjectModel } from './evaluation-context.ts'
import { ask, type Evaluation } from './fact-query.ts'
import { keysOf } from './freeze-keys.ts'
import { type Grant, type GrantContext, issueGrant } from './grant.ts'
import type { JsonObject } from './messages/json/json.ts'
import { placesMeaning, textMeaning, textsOf } from './messages/message-fields.ts'
import { asFirstApi } from './names/catalog-model-names.ts'
import { isRunId } from './names/ids.ts'
import { defaultExperiment } from './names/names.ts'
import { Refusal } from './reasons.ts'

/** What a caller of an environment asks for, decoded. */
export interface DecodedRequest {
  readonly endpointName: string
  readonly endpoint: OpenEndpoint
  readonly message: JsonObject
  /** The mode of the client that asks; left out: `http`. */
  readonly mode?: ClientMode
  /** Whether the caller is an administrator of the environment; left out: no. */
  readonly administrator?: boolean
}

export type Decision = { readonly allow: Grant } | { readonly deny: Refusal }

function* checkExperiments(context: EvaluationContext, defaultExperimentId: string): Evaluation<void> {
  const { endpoint, message } = context
  for (const { value } of placesMeaning(endpoint, message, 'experiment', 'experiments')) {
    for (const id of textsOf(value)) {
      const fact = yield* ownExperiment(context, id, defaultExperimentId)
      if (fact.id === defaultExperimentId) checkDefaultKeepsItsName(context)
      if (endpoint.resource === 'experiment' && endpoint.action === 'delete')
        noteChange(context, { kind: 'experiment', id: fact.id })
    }
  }
  yield* searchableExperiments(context, defaultExperimentId)
}

function* checkRuns(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message } = context
  const ids = placesMeaning(endpoint, message, 'run', 'runsToRead').flatMap(({ value }) => textsOf(value))
  for (const id of new Set(ids.filter((text) => text !== ''))) {
    const run = yield* subjectRun(context, id)
    context.references.push({ kind: 'run', logical: id, upstream: id })
    if (!reads(endpoint)) noteChange(context, { kind: 'run', id: run.id, fresh: endpoint.action === 'delete' })
  }
}

function* checkLoggedModels(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message } = context
  const ids = placesMeaning(endpoint, message, 'loggedModel').flatMap(({ value }) => textsOf(value))
  for (const value of new Set(ids.filter((text) => text !== ''))) {
    const model = yield* subjectLoggedModel(context, value)
    context.references.push({ kind: 'loggedModel', logical: value, upstream: value })
    if (!reads(endpoint) && !isRegistrationNote(context))
      noteChange(context, { kind: 'loggedModel', model, fresh: endpoint.action === 'delete' })
  }
}

function* checkRelated(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message } = context
  const texts = (meaning: 'relatedRun' | 'relatedModel') =>
    new Set(placesMeaning(endpoint, message, meaning).flatMap(({ value }) => textsOf(value)))
  for (const id of texts('relatedRun')) yield* relatedRun(context, id)
  // What is said to come from a run becomes a part of it: of what versions of that run are made of, too.
  if (endpoint.resource === 'loggedModel' && endpoint.action === 'create') {
    for (const id of texts('relatedRun')) if (isRunId(id)) noteChange(context, { kind: 'run', id, fresh: true })
  }
  for (const id of texts('relatedModel')) yield* relatedLoggedModel(context, id)
  yield* checkTags(context)
  yield* checkDataSources(context)
  yield* checkTraceTags(context)
}

function* judge(context: EvaluationContext, endpointName: string): Evaluation<Grant> {
  const { endpoint, message, config, environment } = context
  checkAdministrator(context)
  checkEntityLimits(context)
  checkFirstDemands(context)
  checkShape(endpoint, message, config.kind)
  checkDemands(context)
  if ('start_step' in endpoint.fields) checkMetricSteps(context)
  checkGateway(context)
  checkNames(context)
  checkExperimentTags(context)
  checkLinks(context)
  checkDestinations(context)
  checkPaths(context)
  checkArtifactLocation(context)
  checkSourceText(context)
  checkLoggedModelSearch(context)
  checkServing(context)
  checkTraceIds(context)
  checkTraceDeletion(context)
  checkTraceNames(context)
  checkPromptTags(context)
  checkWorkspacePrompts(context)
  checkDataNames(context)
  checkTraceFilters(context)
  const scope = searchScope(context) ?? subjectModel(context)?.owner ?? environment
  const defaultExperimentId = yield* ask({ about: 'defaultExperiment', name: defaultExperiment(environment) })
  yield* checkExperiments(context, defaultExperimentId)
  yield* checkRuns(context)
  yield* checkLoggedModels(context)
  yield* checkTraces(context)
  yield* checkStorePaths(context, defaultExperimentId)
  yield* checkEntities(context, defaultExperimentId)
  yield* checkWorkspaceIds(context)
  yield* checkGatewayThings(context)
  yield* checkRelated(context)
  const source = textMeaning(endpoint, message, 'versionSource')
  const sourceRunId = source === null ? null : yield* checkVersionSource(context, source)
  const sourceLocation = source === null ? null : yield* workspaceSource(context, source)
  yield* checkServedVersions(context)
  const version = yield* checkVersions(context)
  yield* checkVersionBytes(context, version)
  yield* checkNotFrozen(context)
  // Last of all: it may have to be made.
  const usageExperimentId = yield* usageExperiment(context)
  const { references, visibleExperiments, visibleTraces, admitted, passedOver, administrator, mode } = context
  const changes = [...new Set(context.changes.flatMap(keysOf))]
  const granted: GrantContext = {
    ...{
      config,
      environment,
      administrator,
      mode,
      defaultExperimentId,
      usageExperimentId,
      scope,
      version,
      sourceRunId,
      sourceLocation,
      references,
      said: message,
    },
    ...{ visibleExperiments, visibleTraces, admitted, passedOver, changes, promotes: [...context.promotes] },
  }
  return issueGrant(endpointName, endpoint, message, granted)
}

/**
 * Decides one request: pure, and the only maker of grants. It asks about the world by yielding questions.
 * All of it happens before the first upstream byte of a change.
 */
export function* decide(config: PolicyConfig, environment: Environment, request: DecodedRequest): Evaluation<Decision> {
  try {
    checkSizes(request)
    const { endpoint, message, mode = 'http', administrator = false } = asFirstApi(config, environment, request)
    const context: EvaluationContext = {
      endpoint,
      message,
      config,
      environment,
      administrator,
      mode,
      references: [],
      visibleExperiments: new Set(),
      visibleTraces: new Set(),
      admitted: new Set(),
      passedOver: new Set(),
      changes: [],
      promotes: new Set(),
    }
    return { allow: yield* judge(context, request.endpointName) }
  } catch (error) {
    if (error instanceof Refusal) return { deny: error }
    throw error
  }
}
