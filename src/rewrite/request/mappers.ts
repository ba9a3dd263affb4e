import { upstreamStorePath } from '../../policy/checks/artifacts/artifact-paths.ts'
import { upstreamExperimentId } from '../../policy/checks/runs/owned-ids.ts'
import { resolveInFilter } from '../../policy/checks/search/search-scope.ts'
import { canonicalStage } from '../../policy/checks/versions/versions.ts'
import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { type UpstreamKind, usesCatalog } from '../../policy/environments/environment.ts'
import { parseOrderBy, printOrderBy } from '../../policy/filter/order-by.ts'
import { renameInScorer } from '../../policy/genai/scorer-text.ts'
import type { Grant, GrantContext } from '../../policy/grant.ts'
import { storedPathOf } from '../../policy/locations/artifact-place.ts'
import { upstreamDatabricksLocation } from '../../policy/locations/databricks-location.ts'
import { experimentLocations } from '../../policy/locations/experiment-locations.ts'
import { resolveLocalPath } from '../../policy/locations/local-path.ts'
import { canonicalPath } from '../../policy/locations/store-path.ts'
import { uploadedFileName } from '../../policy/locations/uploaded-file.ts'
import { workspaceStorePath } from '../../policy/locations/workspace-file.ts'
import type { Meaning } from '../../policy/meanings/meaning-table.ts'
import type { Json } from '../../policy/messages/json/json.ts'
import { textsOf } from '../../policy/messages/message-fields.ts'
import { renameModelUri } from '../../policy/names/model-uri.ts'
import type { NameKind } from '../../policy/names/name-form.ts'
import { resolveName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { upstreamEndpointName } from '../../policy/serving/serving-endpoints.ts'
import { withinWorkspace } from '../client-location.ts'
import { renameTags, withoutRecord } from '../tag-names.ts'
import { upstreamTraceTags } from '../trace-tag-names.ts'
import { upstreamFilter } from './search-filter.ts'
import { upstreamEntities, upstreamServingConfig } from './served-entities.ts'
import { upstreamSpanAttributes } from './upstream-span-attributes.ts'
import { upstreamTraceFilter } from './upstream-trace-filter.ts'

/** How a value of one meaning is written on the upstream's side. */
export type Mapper = (value: Json, context: GrantContext, grant: Grant) => Json

const text =
  (map: (value: string, context: GrantContext, grant: Grant) => string): Mapper =>
  (value, context, grant) => {
    if (Array.isArray(value)) return value.map((item) => (typeof item === 'string' ? map(item, context, grant) : item))
    return typeof value === 'string' && value !== '' ? map(value, context, grant) : value
  }

const named = (kind: NameKind) => text((value, { config, environment }) => resolveName(config, environment, kind, value).upstream)

/** How names of models in a text are written upstream. */
export function upstreamModelName(context: GrantContext): (name: string) => string {
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
  throw new Refusal('invalid-parameter', 'The URI has characters that Databricks may read differently. Write it without them.')
}

/** A path of the Files API in a body, as the workspace has it: versions by their upstream names. */
function upstreamFilePath(value: string, context: GrantContext, endpoint: OpenEndpoint): string {
  const path = workspaceStorePath(endpoint, 'path', value, usesCatalog(context.config))
  const stored = path === null ? null : storedPathOf(canonicalPath(path))
  if (stored?.place.kind !== 'version') return `/${value.replace(/^\//, '')}`
  const { name, version } = stored.place
  return `/Models/${upstreamModelName(context)(name).replaceAll('.', '/')}/${version}/${stored.path}`
}

/** How each meaning is written on the upstream's side. */
export const mappers: Readonly<Record<Meaning, Mapper | 'as decoded'>> = {
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
  versionTags: (value, context) => renameTags(withoutRecord(value), ownModelName(context), upstreamModelName(context)),
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
  catalogLevel: 'as decoded',
  version: 'as decoded',
  archiveExisting: 'as decoded',
  alias: 'as decoded',
  credentialOperation: 'as decoded',
  webhook: 'as decoded',
  registeredModelId: 'as decoded',
  artifactLocation: 'as decoded',
  experimentTags: 'as decoded',
  experimentTagKey: 'as decoded',
  servingEndpointId: 'as decoded',
  servedName: 'as decoded',
  aiGateway: 'as decoded',
  gatewayRateLimits: 'as decoded',
  olderRateLimits: 'as decoded',
  ofWorkspace: 'as decoded',
  gatewayEndpoint: 'as decoded',
  modelDefinition: 'as decoded',
  gatewaySecret: 'as decoded',
  secretValue: 'as decoded',
  authConfig: 'as decoded',
  providersModel: 'as decoded',
  run: 'as decoded',
  runsToRead: 'as decoded',
  relatedRun: 'as decoded',
  runTag: 'as decoded',
  tagKey: 'as decoded',
  loggedModel: 'as decoded',
  relatedModel: 'as decoded',
  modelJson: 'as decoded',
  dataSource: 'as decoded',
  dataset: 'as decoded',
  issue: 'as decoded',
  newIssue: 'as decoded',
  relatedIssue: 'as decoded',
  labelSchema: 'as decoded',
  labelSchemas: 'as decoded',
  reviewQueue: 'as decoded',
  boundResource: 'as decoded',
  scorersToRead: 'as decoded',
  recordsJson: 'as decoded',
  tagsJson: 'as decoded',
  trace: 'as decoded',
  newTrace: 'as decoded',
  relatedTrace: 'as decoded',
  traceTagKey: 'as decoded',
  traceTag: 'as decoded',
  resourceAttributes: 'as decoded',
  dbfsPath: 'as decoded',
  filePath: 'as decoded',
  free: 'as decoded',
  notServed: 'as decoded',
  link: 'as decoded',
  pageToken: 'as decoded',
  maxResults: 'as decoded',
}
