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
import type { Findings, Grant } from '../../policy/grant.ts'
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
import { type NameKind, resolveName } from '../../policy/names/names.ts'
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

type Mapper = (value: Json, findings: Findings, grant: Grant) => Json

const text =
  (map: (value: string, findings: Findings, grant: Grant) => string): Mapper =>
  (value, findings, grant) => {
    if (Array.isArray(value)) return value.map((item) => (typeof item === 'string' ? map(item, findings, grant) : item))
    return typeof value === 'string' && value !== '' ? map(value, findings, grant) : value
  }

const named = (kind: NameKind) =>
  text((value, { landscape, environment }) => resolveName(landscape, environment, kind, value).upstream)

function upstreamModelName(findings: Findings): (name: string) => string {
  return (name) => resolveName(findings.landscape, findings.environment, 'model', name).upstream
}

function upstreamEndpoint({ landscape, environment }: Findings): (name: string) => string {
  return (name) => resolveName(landscape, environment, 'gateway', name).upstream
}

/** For a note that the caller writes: others' models, and what can be no name, are left out of it. */
function ownModelName(findings: Findings): (name: string) => string | null {
  return (name) => {
    const owned = resolveInFilter(findings, 'model', name)
    return owned?.owner.name === findings.environment.name ? owned.upstream : null
  }
}

function upstreamLocation(uri: string, kind: UpstreamKind = 'mlflow'): string {
  const upstream = kind === 'databricks' ? upstreamDatabricksLocation(uri) : uri
  if (upstream !== null) return upstream
  throw new Refusal('invalid-parameter', 'The URI has characters that Databricks may read differently. Write it plainly.')
}

/** A path of the Files API in a body, as the workspace has it: versions by their upstream names. */
function upstreamFilePath(value: string, findings: Findings, endpoint: OpenEndpoint): string {
  const path = workspaceStorePath(endpoint, 'path', value, usesCatalog(findings.landscape))
  const stored = path === null ? null : storedPathOf(canonicalPath(path))
  if (stored?.place.kind !== 'version') return `/${value.replace(/^\//, '')}`
  const { name, version } = stored.place
  return `/Models/${upstreamModelName(findings)(name).replaceAll('.', '/')}/${version}/${stored.path}`
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
  traceTags: (value, findings) => upstreamTraceTags(value, upstreamModelName(findings)),
  spanAttributes: (value, findings) => upstreamSpanAttributes(value, upstreamModelName(findings)),
  traceFilter: text((value, findings) => upstreamTraceFilter(value, findings)),
  relatedModelName: named('model'),
  assessmentId: () => '',
  stage: text((value) => canonicalStage(value)),
  stages: text((value) => canonicalStage(value)),
  versionSource: text(
    (value, findings) =>
      findings.sourceLocation ??
      renameModelUri(value, upstreamModelName(findings)) ??
      withinWorkspace(upstreamLocation(resolveLocalPath(value), findings.landscape.kind), findings.environment.workspace),
  ),
  runTags: (value, findings) => renameTags(value, ownModelName(findings), upstreamModelName(findings)),
  versionTags: (value, findings) => renameTags(value, ownModelName(findings), upstreamModelName(findings)),
  loggedModelTags: (value, findings) => renameTags(value, ownModelName(findings), upstreamModelName(findings)),
  storePath: text((value, { defaultExperimentId }) => upstreamStorePath(value, defaultExperimentId)),
  storeFolder: text((value, { defaultExperimentId }) => upstreamStorePath(value, defaultExperimentId)),
  gatewayEndpointName: named('gateway'),
  scorerJson: text((value, findings) => renameInScorer(value, upstreamEndpoint(findings))),
  modelDefinitionName: named('modelDefinition'),
  gatewaySecretName: named('gatewaySecret'),
  servingEndpointName: text((value, findings) => upstreamEndpointName(findings, value)),
  servedEntities: upstreamEntities,
  servingConfig: upstreamServingConfig,
  workspaceFile: text((value, findings, { endpoint }) =>
    endpoint.signsUrl ? upstreamFilePath(value, findings, endpoint) : value,
  ),
  orderBy: text((value) => printOrderBy(parseOrderBy(value))),
  // A workspace decodes nothing: what is judged, decoded, to be a path inside stays one however often it is decoded.
  relativePath: text((value, { mode }) => (mode === 'databricks' ? value : canonicalPath(value))),
  localFile: text((value) => uploadedFileName(value)),
  filter: text((value, findings, grant) => upstreamFilter(value, grant.endpoint.search, findings)),
}

/** Whether a field of this meaning is written anew for the upstream. */
export function isMapped(meaning: Meaning): boolean {
  return meaning in mappers
}

/** A version is created with a note of the stage or alias it is to get, so that what failed can be made good later. */
function completeVersion(message: JsonObject, { environment, landscape, sourceRunId }: Findings): void {
  if (!message.get('run_id') && sourceRunId !== null) message.set('run_id', sourceRunId)
  const tags = message.get('tags')
  const given = Array.isArray(tags) ? tags : []
  const { registrationStage, registrationAlias } = environment
  const note = usesCatalog(landscape) ? [pendingAliasTag, registrationAlias] : [pendingStageTag, registrationStage]
  const [key = '', value] = note
  if (!key || !value || makePrompt(given)) return
  message.set('tags', [...given, new Map(Object.entries({ key, value }))])
}

/** The tag that lists the prompts of a run or a version, set by itself. */
function renameSetPrompts({ endpoint, findings }: Grant, message: JsonObject): void {
  const key = textMeaning(endpoint, message, 'tagKey')
  if (key === null || !isLinkedPrompts(key)) return
  for (const { value, replace } of placesMeaning(endpoint, message, 'runTag')) {
    if (typeof value === 'string' && value !== '') replace(renameEntries(value, upstreamModelName(findings)))
  }
}

/** The tag that lists a trace's prompts, set by itself. */
function renameSetTag({ endpoint, findings }: Grant, message: JsonObject): void {
  const [key] = placesMeaning(endpoint, message, 'traceTagKey')
  if (typeof key?.value !== 'string') return
  for (const { value, replace } of placesMeaning(endpoint, message, 'traceTag')) {
    const tags = upstreamTraceTags(new Map([[key.value, value]]), upstreamModelName(findings))
    replace(tags instanceof Map ? (tags.get(key.value) ?? '') : '')
  }
}

/** The granted message in upstream names and ids. The judged message itself stays as it was. */
export function upstreamMessage(grant: Grant): JsonObject {
  const { endpoint, findings } = grant
  const message = copyJson(grant.message)
  for (const [selector, meaning] of Object.entries(endpoint.fields)) {
    const map = mappers[meaning]
    for (const place of map ? placesAt(message, selector) : []) place.replace(map?.(place.value, findings, grant) ?? place.value)
  }
  // A data set without an experiment would be nobody's.
  if (endpoint.name === 'createDataset' && textsOf(message.get('experiment_ids') ?? []).length === 0)
    message.set('experiment_ids', [findings.defaultExperimentId])
  // A search of whatever experiment is one of the caller's own: what others have must not count.
  if (mayNameOwn(endpoint) && findings.visibleExperiments.size > 0)
    message.set('experiment_ids', [...findings.visibleExperiments])
  if (findings.usageExperimentId !== null) message.set('experiment_id', findings.usageExperimentId)
  renameSetTag(grant, message)
  renameSetPrompts(grant, message)
  if (endpoint.name === 'createExperiment') completeExperiment(grant.message.get('name'), message, findings)
  if (endpoint.name === 'createModelVersion' || endpoint.name === 'createCatalogVersion') completeVersion(message, findings)
  if (endpoint.search?.nameColumn && !message.get('filter')) message.set('filter', upstreamFilter('', endpoint.search, findings))
  return message
}
