import { upstreamStorePath } from '../../policy/checks/artifacts/artifact-paths.ts'
import { makePrompt, pendingAliasTag, pendingStageTag } from '../../policy/checks/request/tags.ts'
import { upstreamExperimentId } from '../../policy/checks/runs/owned-ids.ts'
import { resolveInFilter } from '../../policy/checks/search/search-scope.ts'
import { isLinkedPrompts } from '../../policy/checks/traces/trace-tags.ts'
import { canonicalStage } from '../../policy/checks/versions/versions.ts'
import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { type UpstreamKind, usesCatalog } from '../../policy/environments/environment.ts'
import { parseOrderBy, printOrderBy } from '../../policy/filter/order-by.ts'
import { renameInScorer } from '../../policy/genai/scorer-text.ts'
import type { Grant, GrantContext } from '../../policy/grant.ts'
import { storedPathOf } from '../../policy/locations/artifact-place.ts'
import { upstreamDatabricksLocation } from '../../policy/locations/databricks-location.ts'
import { experimentLocations, mayNameOwn } from '../../policy/locations/experiment-locations.ts'
import { resolveLocalPath } from '../../policy/locations/local-path.ts'
import { canonicalPath } from '../../policy/locations/store-path.ts'
import { uploadedFileName } from '../../policy/locations/uploaded-file.ts'
import { workspaceStorePath } from '../../policy/locations/workspace-file.ts'
import type { Meaning } from '../../policy/meanings/meaning.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { copyJson, placesAt, placesMeaning, textMeaning, textsOf } from '../../policy/messages/message-fields.ts'
import { renameModelUri } from '../../policy/names/model-uri.ts'
import type { NameKind } from '../../policy/names/name-form.ts'
import { resolveName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { upstreamEndpointName } from '../../policy/serving/serving-endpoints.ts'
import { withinWorkspace } from '../client-location.ts'
import { renameEntries, renameTags } from '../tag-names.ts'
import { upstreamTraceTags } from '../trace-tag-names.ts'
import { completeExperiment } from './new-experiment.ts'
import { upstreamFilter } from './search-filter.ts'
import { upstreamEntities, upstreamServingConfig } from './served-entities.ts'
import { upstreamSpanAttributes } from './upstream-span-attributes.ts'
import { upstreamTraceFilter } from './upstream-trace-filter.ts'

type Mapper = (value: Json, context: GrantContext, grant: Grant) => Json

const text =
  (map: (value: string, context: GrantContext, grant: Grant) => string): Mapper =>
  (value, context, grant) => {
    if (Array.isArray(value)) return value.map((item) => (typeof item === 'string' ? map(item, context, grant) : item))
    return typeof value === 'string' && value !== '' ? map(value, context, grant) : value
  }

const named = (kind: NameKind) => text((value, { config, environment }) => resolveName(config, environment, kind, value).upstream)

function upstreamModelName(context: GrantContext): (name: string) => string {
  return (name) => resolveName(context.config, context.environment, 'model', name).upstream
}

function upstreamEndpoint({ config, environment }: GrantContext): (name: string) => string {
  return (name) => resolveName(config, environment, 'gateway', name).upstream
}

/** For a note that the caller writes: others' models, and what can be no name, are left out of it. */
function ownModelName(context: GrantContext): (name: string) => string | null {
  return (name) => {
    const owned = resolveInFilter(context, 'model', name)
    return owned?.owner.name === context.environment.name ? owned.upstream : null
  }
}

function upstreamLocation(uri: string, kind: UpstreamKind = 'mlflow'): string {
  const upstream = kind === 'databricks' ? upstreamDatabricksLocation(uri) : uri
  if (upstream !== null) return upstream
  throw new Refusal('invalid-parameter', 'The URI has characters that Databricks may read differently. Write it plainly.')
}

/** A path of the Files API in a body, as the workspace has it: versions by their upstream names. */
function upstreamFilePath(value: string, context: GrantContext, endpoint: OpenEndpoint): string {
  const path = workspaceStorePath(endpoint, 'path', value, usesCatalog(context.config))
  const stored = path === null ? null : storedPathOf(canonicalPath(path))
  if (stored?.place.kind !== 'version') return `/${value.replace(/^\//, '')}`
  const { name, version } = stored.place
  return `/Models/${upstreamModelName(context)(name).replaceAll('.', '/')}/${version}/${stored.path}`
}

/** How each meaning is written on the upstream's side; a meaning that is not here goes as it was decoded. */
const mappers: Partial<Record<Meaning, Mapper>> = {
  modelName: named('model'),
  newModelName: named('model'),
  experimentName: named('experiment'),
  newExperimentName: named('experiment'),
  experiment: text((value, { defaultExperimentId }) => upstreamExperimentId(value, defaultExperimentId)),
  experiments: text((value, { defaultExperimentId }) => upstreamExperimentId(value, defaultExperimentId)),
  experimentsToSearch: (_value, { visibleExperiments }) => [...visibleExperiments],
  locationsToSearch: (_value, { visibleExperiments }) => experimentLocations(visibleExperiments),
  tracesToSearch: (value, { visibleTraces }) => textsOf(value).filter((id) => visibleTraces.has(id)),
  traceTags: (value, context) => upstreamTraceTags(value, upstreamModelName(context)),
  spanAttributes: (value, context) => upstreamSpanAttributes(value, upstreamModelName(context)),
  traceFilter: text((value, context) => upstreamTraceFilter(value, context)),
  relatedModelName: named('model'),
  assessmentId: () => '',
  stage: text((value) => canonicalStage(value)),
  stages: text((value) => canonicalStage(value)),
  versionSource: text(
    (value, context) =>
      context.sourceLocation ??
      renameModelUri(value, upstreamModelName(context)) ??
      withinWorkspace(upstreamLocation(resolveLocalPath(value), context.config.kind), context.environment.workspace),
  ),
  runTags: (value, context) => renameTags(value, ownModelName(context), upstreamModelName(context)),
  versionTags: (value, context) => renameTags(value, ownModelName(context), upstreamModelName(context)),
  loggedModelTags: (value, context) => renameTags(value, ownModelName(context), upstreamModelName(context)),
  storePath: text((value, { defaultExperimentId }) => upstreamStorePath(value, defaultExperimentId)),
  storeFolder: text((value, { defaultExperimentId }) => upstreamStorePath(value, defaultExperimentId)),
  gatewayEndpointName: named('gateway'),
  scorerJson: text((value, context) => renameInScorer(value, upstreamEndpoint(context))),
  modelDefinitionName: named('modelDefinition'),
  gatewaySecretName: named('gatewaySecret'),
  servingEndpointName: text((value, context) => upstreamEndpointName(context, value)),
  servedEntities: upstreamEntities,
  servingConfig: upstreamServingConfig,
  workspaceFile: text((value, context, { endpoint }) => (endpoint.signsUrl ? upstreamFilePath(value, context, endpoint) : value)),
  orderBy: text((value) => printOrderBy(parseOrderBy(value))),
  // A workspace decodes nothing: what is judged, decoded, to be a path inside stays one however often it is decoded.
  relativePath: text((value, { mode }) => (mode === 'databricks' ? value : canonicalPath(value))),
  localFile: text((value) => uploadedFileName(value)),
  filter: text((value, context, grant) => upstreamFilter(value, grant.endpoint.search, context)),
}

/** Whether a field of this meaning is written anew for the upstream. */
export function isMapped(meaning: Meaning): boolean {
  return meaning in mappers
}

/** A version is created with a note of the stage or alias it is to get, so that what failed can be made good later. */
function completeVersion(message: JsonObject, { environment, config, sourceRunId }: GrantContext): void {
  if (!message.get('run_id') && sourceRunId !== null) message.set('run_id', sourceRunId)
  const tags = message.get('tags')
  const given = Array.isArray(tags) ? tags : []
  const { registrationStage, registrationAlias } = environment
  const note = usesCatalog(config) ? [pendingAliasTag, registrationAlias] : [pendingStageTag, registrationStage]
  const [key = '', value] = note
  if (!key || !value || makePrompt(given)) return
  message.set('tags', [...given, new Map(Object.entries({ key, value }))])
}

/** The tag that lists the prompts of a run or a version, set by itself. */
function renameSetPrompts({ endpoint, context }: Grant, message: JsonObject): void {
  const key = textMeaning(endpoint, message, 'tagKey')
  if (key === null || !isLinkedPrompts(key)) return
  for (const { value, replace } of placesMeaning(endpoint, message, 'runTag')) {
    if (typeof value === 'string' && value !== '') replace(renameEntries(value, upstreamModelName(context)))
  }
}

/** The tag that lists a trace's prompts, set by itself. */
function renameSetTag({ endpoint, context }: Grant, message: JsonObject): void {
  const [key] = placesMeaning(endpoint, message, 'traceTagKey')
  if (typeof key?.value !== 'string') return
  for (const { value, replace } of placesMeaning(endpoint, message, 'traceTag')) {
    const tags = upstreamTraceTags(new Map([[key.value, value]]), upstreamModelName(context))
    replace(tags instanceof Map ? (tags.get(key.value) ?? '') : '')
  }
}

/** The granted message in upstream names and ids. The judged message itself stays as it was. */
export function upstreamMessage(grant: Grant): JsonObject {
  const { endpoint, context } = grant
  const message = copyJson(grant.message)
  for (const [selector, meaning] of Object.entries(endpoint.fields)) {
    const map = mappers[meaning]
    for (const place of map ? placesAt(message, selector) : []) place.replace(map?.(place.value, context, grant) ?? place.value)
  }
  // A data set without an experiment would be nobody's.
  if (endpoint.makes === 'dataset' && textsOf(message.get('experiment_ids') ?? []).length === 0)
    message.set('experiment_ids', [context.defaultExperimentId])
  // A search of whatever experiment is one of the caller's own: what others have must not count.
  if (mayNameOwn(endpoint) && context.visibleExperiments.size > 0) message.set('experiment_ids', [...context.visibleExperiments])
  if (context.usageExperimentId !== null) message.set('experiment_id', context.usageExperimentId)
  renameSetTag(grant, message)
  renameSetPrompts(grant, message)
  if (endpoint.makes === 'experiment') completeExperiment(grant.message.get('name'), message, context)
  if (endpoint.makes === 'version') completeVersion(message, context)
  if (endpoint.search?.nameColumn && !message.get('filter')) message.set('filter', upstreamFilter('', endpoint.search, context))
  return message
}
