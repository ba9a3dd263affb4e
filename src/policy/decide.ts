import { checkPaths, checkStorePaths } from './checks/artifacts/artifact-paths.ts'
import { checkExperimentTags } from './checks/experiments/experiment-tags.ts'
import { checkDestinations } from './checks/gateway/destinations.ts'
import { checkGatewayThings } from './checks/gateway/gateway-things.ts'
import { usageExperiment } from './checks/gateway/usage-experiment.ts'
import { checkEntities, checkEntityLimits } from './checks/genai/entities.ts'
import { checkAdministrator } from './checks/request/administrators.ts'
import { checkLinks } from './checks/request/links.ts'
import { checkDefaultKeepsItsName, checkGateway, checkNames } from './checks/request/name-fields.ts'
import { checkAskedFor } from './checks/request/required-fields.ts'
import { checkShape } from './checks/request/shape.ts'
import { checkSizes } from './checks/request/sizes.ts'
import { checkTags, isRegistrationNote } from './checks/request/tags.ts'
import { checkDataNames, checkDataSources } from './checks/runs/data-sources.ts'
import { checkMetricHistory } from './checks/runs/metric-history.ts'
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
import type { ClientMode, Environment, Landscape } from './environments/environment.ts'
import { type Judgement, reads, subjectModel } from './evaluation-context.ts'
import { ask, type Inquiry } from './fact-query.ts'
import { keysOf } from './freeze-keys.ts'
import { type Grant, issueGrant } from './grant.ts'
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

function* checkExperiments(judgement: Judgement, defaultExperimentId: string): Inquiry<void> {
  const { endpoint, message } = judgement
  for (const { value } of placesMeaning(endpoint, message, 'experiment', 'experiments')) {
    for (const id of textsOf(value)) {
      const fact = yield* ownExperiment(judgement, id, defaultExperimentId)
      if (fact.id === defaultExperimentId) checkDefaultKeepsItsName(judgement)
      if (endpoint.resource === 'experiment' && endpoint.action === 'delete')
        noteChange(judgement, { kind: 'experiment', id: fact.id })
    }
  }
  yield* searchableExperiments(judgement, defaultExperimentId)
}

function* checkRuns(judgement: Judgement): Inquiry<void> {
  const { endpoint, message } = judgement
  const ids = placesMeaning(endpoint, message, 'run', 'runsToRead').flatMap(({ value }) => textsOf(value))
  for (const id of new Set(ids.filter((text) => text !== ''))) {
    const run = yield* subjectRun(judgement, id)
    judgement.references.push({ kind: 'run', logical: id, upstream: id })
    if (!reads(endpoint)) noteChange(judgement, { kind: 'run', id: run.id, fresh: endpoint.action === 'delete' })
  }
}

function* checkLoggedModels(judgement: Judgement): Inquiry<void> {
  const { endpoint, message } = judgement
  const ids = placesMeaning(endpoint, message, 'loggedModel').flatMap(({ value }) => textsOf(value))
  for (const value of new Set(ids.filter((text) => text !== ''))) {
    const model = yield* subjectLoggedModel(judgement, value)
    judgement.references.push({ kind: 'loggedModel', logical: value, upstream: value })
    if (!reads(endpoint) && !isRegistrationNote(judgement))
      noteChange(judgement, { kind: 'loggedModel', model, fresh: endpoint.action === 'delete' })
  }
}

function* checkRelated(judgement: Judgement): Inquiry<void> {
  const { endpoint, message } = judgement
  const texts = (meaning: 'relatedRun' | 'relatedModel') =>
    new Set(placesMeaning(endpoint, message, meaning).flatMap(({ value }) => textsOf(value)))
  for (const id of texts('relatedRun')) yield* relatedRun(judgement, id)
  // What is said to come from a run becomes a part of it: of what versions of that run are made of, too.
  if (endpoint.resource === 'loggedModel' && endpoint.action === 'create') {
    for (const id of texts('relatedRun')) if (isRunId(id)) noteChange(judgement, { kind: 'run', id, fresh: true })
  }
  for (const id of texts('relatedModel')) yield* relatedLoggedModel(judgement, id)
  yield* checkTags(judgement)
  yield* checkDataSources(judgement)
  yield* checkTraceTags(judgement)
}

function* judge(judgement: Judgement, endpointName: string): Inquiry<Grant> {
  const { endpoint, message, landscape, environment } = judgement
  checkAdministrator(judgement)
  checkEntityLimits(judgement)
  checkShape(endpoint, message, landscape.kind)
  checkAskedFor(judgement)
  checkMetricHistory(judgement)
  checkGateway(judgement)
  checkNames(judgement)
  checkExperimentTags(judgement)
  checkLinks(judgement)
  checkDestinations(judgement)
  checkPaths(judgement)
  checkArtifactLocation(judgement)
  checkSourceText(judgement)
  checkLoggedModelSearch(judgement)
  checkServing(judgement)
  checkTraceIds(judgement)
  checkTraceDeletion(judgement)
  checkTraceNames(judgement)
  checkPromptTags(judgement)
  checkWorkspacePrompts(judgement)
  checkDataNames(judgement)
  checkTraceFilters(judgement)
  const scope = searchScope(judgement) ?? subjectModel(judgement)?.owner ?? environment
  const defaultExperimentId = yield* ask({ about: 'defaultExperiment', name: defaultExperiment(environment) })
  yield* checkExperiments(judgement, defaultExperimentId)
  yield* checkRuns(judgement)
  yield* checkLoggedModels(judgement)
  yield* checkTraces(judgement)
  yield* checkStorePaths(judgement, defaultExperimentId)
  yield* checkEntities(judgement, defaultExperimentId)
  yield* checkWorkspaceIds(judgement)
  yield* checkGatewayThings(judgement)
  yield* checkRelated(judgement)
  const source = textMeaning(endpoint, message, 'versionSource')
  const sourceRunId = source === null ? null : yield* checkVersionSource(judgement, source)
  const sourceLocation = source === null ? null : yield* workspaceSource(judgement, source)
  yield* checkServedVersions(judgement)
  const version = yield* checkVersions(judgement)
  yield* checkVersionBytes(judgement, version)
  yield* checkNotFrozen(judgement)
  // Last of all: it may have to be made.
  const usageExperimentId = yield* usageExperiment(judgement)
  const { references, visibleExperiments, visibleTraces, admitted, passedOver, administrator, mode } = judgement
  const changes = [...new Set(judgement.changes.flatMap(keysOf))]
  const findings = {
    ...{
      landscape,
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
    ...{ visibleExperiments, visibleTraces, admitted, passedOver, changes, promotes: [...judgement.promotes] },
  }
  return issueGrant(endpointName, endpoint, message, findings)
}

/**
 * Decides one request: pure, and the only maker of grants. It asks about the world by yielding questions.
 * All of it happens before the first upstream byte of a change.
 */
export function* decide(landscape: Landscape, environment: Environment, request: DecodedRequest): Inquiry<Decision> {
  try {
    checkSizes(request)
    const { endpoint, message, mode = 'http', administrator = false } = asFirstApi(landscape, environment, request)
    const judgement: Judgement = {
      endpoint,
      message,
      landscape,
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
    return { allow: yield* judge(judgement, request.endpointName) }
  } catch (error) {
    if (error instanceof Refusal) return { deny: error }
    throw error
  }
}
