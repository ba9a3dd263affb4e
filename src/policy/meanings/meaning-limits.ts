import type { Meaning } from './meaning.ts'

/** How much a value may hold, whatever it is: texts, lists, maps or objects, at every level of it. */
export interface Limit {
  /** Characters of each text. */
  readonly characters: number
  /** Items of each list, and members of each map. */
  readonly items: number
  /** Characters of each key of a map or of a tag; left out: as many as of a text. */
  readonly key?: number
}

const KiB = 1024
const MiB = 1024 * KiB

/** The longest text that any supported MLflow keeps in one column: `MAX_DATASET_PROFILE_SIZE` (mlflow/utils/validation.py). */
const longestColumn = 16_777_215
/** As many experiments as MLflow lists at once, `MAX_EXPERIMENTS_LISTED_PER_PAGE`: a search may be in all of them. */
const allExperiments = 50_000
/** Spans have a budget of their own, and one list may be all of it. */
const allSpans = 200_000

/** MLflow's longest id has 256 characters, its longest name 500, and what stands before and behind it upstream a few more. */
const word: Limit = { characters: KiB, items: 10_000 }
const inExperiments: Limit = { characters: KiB, items: allExperiments }
/** As long as an address may be, in which most of them stand. */
const path: Limit = { characters: 16 * KiB, items: 10_000 }
/** MLflow's limit is 2,048 unless its operators raise it (`MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH`). */
const location: Limit = { characters: 8 * KiB, items: 100 }
/** MLflow takes keys of 250 characters, of inputs 255; longer values than its own limits it cuts off (`MLFLOW_TRUNCATE_LONG_VALUES`). */
const tags: Limit = { characters: 4 * MiB, items: 10_000, key: KiB }
/** JSON of which the proxy reads every value. */
const readJson: Limit = { characters: 4 * MiB, items: 1 }
const filter: Limit = { characters: 256 * KiB, items: 100 }
const settings: Limit = { characters: 64 * KiB, items: 1_000 }

/**
 * The most that a field of each meaning may hold. It is looked at before anything else is done with a value: normalising one makes it up to 18
 * times longer, and reading one costs a hundred times its length. Where MLflow itself takes less, it says so itself; no supported version
 * takes more.
 */
export const meaningLimits: Readonly<Record<Meaning, Limit>> = {
  // Neither normalised nor read, and bounded by the body.
  free: { characters: longestColumn, items: allSpans },
  experiment: word,
  experiments: inExperiments,
  experimentsToSearch: inExperiments,
  experimentName: word,
  newExperimentName: word,
  artifactLocation: location,
  experimentTags: tags,
  experimentTagKey: word,
  run: word,
  runsToRead: word,
  relatedRun: word,
  runTags: tags,
  runTag: tags,
  tagKey: word,
  modelJson: { characters: longestColumn, items: 1 },
  modelName: word,
  newModelName: word,
  catalogLevel: word,
  version: word,
  stage: word,
  stages: word,
  archiveExisting: word,
  alias: word,
  versionSource: location,
  versionTags: tags,
  loggedModel: word,
  relatedModel: word,
  loggedModelTags: tags,
  trace: word,
  newTrace: word,
  relatedTrace: word,
  tracesToSearch: word,
  locationsToSearch: inExperiments,
  traceTags: tags,
  traceTagKey: word,
  spanAttributes: { characters: longestColumn, items: allSpans, key: 16 * KiB },
  resourceAttributes: { characters: longestColumn, items: allSpans, key: 16 * KiB },
  traceTag: tags,
  traceFilter: filter,
  relatedModelName: word,
  assessmentId: word,
  notServed: { characters: longestColumn, items: allSpans },
  storePath: path,
  storeFolder: path,
  relativePath: path,
  filePath: path,
  localFile: path,
  workspaceFile: path,
  dbfsPath: path,
  credentialOperation: word,
  dataset: word,
  issue: word,
  newIssue: word,
  relatedIssue: word,
  labelSchema: word,
  labelSchemas: word,
  reviewQueue: word,
  scorersToRead: word,
  scorerJson: readJson,
  boundResource: word,
  tagsJson: readJson,
  // Clients send their records by the thousand; what is free in them is passed over.
  recordsJson: { characters: 32 * MiB, items: 1 },
  // MLflow keeps 65,535 characters.
  dataSource: { characters: MiB, items: 1 },
  webhook: word,
  registeredModelId: word,
  servingEndpointName: word,
  servingEndpointId: word,
  servedEntities: settings,
  servedName: word,
  servingConfig: settings,
  aiGateway: settings,
  gatewayRateLimits: settings,
  olderRateLimits: settings,
  ofWorkspace: settings,
  gatewayEndpointName: word,
  gatewayEndpoint: word,
  modelDefinitionName: word,
  modelDefinition: word,
  gatewaySecretName: word,
  gatewaySecret: word,
  providersModel: word,
  link: path,
  secretValue: settings,
  authConfig: settings,
  filter,
  orderBy: { characters: 4 * KiB, items: 1_000 },
  pageToken: path,
  maxResults: word,
}
