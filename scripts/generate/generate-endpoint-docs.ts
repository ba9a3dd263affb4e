import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { OpenEndpoint, Resource } from '../../src/policy/endpoints/endpoint.ts'
import type { UpstreamKind } from '../../src/policy/environments/environment.ts'
import { describedVersions } from '../../src/policy/generated/messages.ts'
import type { Meaning } from '../../src/policy/meanings/meaning.ts'
import { type Coverage, coverageOf } from '../../src/rewrite/answer/coverage.ts'
import {
  cell,
  closedSections,
  dividedSection,
  prefixesText,
  type ShownTable,
  shownTable,
  versionsText,
} from './endpoint-tables.ts'

/** The pages, by the kind of upstream whose routes they list. */
export const endpointPages: Readonly<Record<UpstreamKind, string>> = {
  mlflow: 'docs/endpoints.md',
  databricks: 'docs/endpoints-databricks.md',
}

const resources: Readonly<Record<Resource, string>> = {
  experiment: 'Experiments',
  run: 'Runs',
  loggedModel: 'Logged models',
  registeredModel: 'Registered models',
  modelVersion: 'Model versions',
  dataset: 'Data sets',
  scorer: 'Scorers',
  issue: 'Issues',
  labelSchema: 'Label schemas',
  reviewQueue: 'Review queues',
  trace: 'Traces',
  webhook: 'Webhooks of the registry',
  permissions: 'Permissions',
  servingEndpoint: 'Model serving',
  gateway: 'AI gateway',
  gatewayEndpoint: 'Endpoints of the AI gateway',
  modelDefinition: 'Model definitions of the AI gateway',
  gatewaySecret: 'Secrets of the AI gateway',
  artifact: 'Artifacts',
  server: 'Server',
  ui: 'Web UI',
}

/** What becomes of a request that is let through. */
const coverageTexts: Readonly<Record<Coverage, string>> = {
  passed: 'goes on as it was judged, and so does the answer',
  rewritten: 'names, ids or locations are rewritten, in the request, in the answer or in both',
  filtered: "rows that are not the caller's are left out besides; pages of searches are refilled",
  'carried out': "the proxy does it itself, by the workspace's calls for credentials and with signed URLs that no client sees",
}

/** What each meaning says of a field, and how it is judged. `free` fields are not listed. */
export const meaningTexts: Readonly<Record<Exclude<Meaning, 'free'>, string>> = {
  experiment: "an experiment's id: must be the caller's own; `0` is their environment's default experiment",
  experiments: 'several experiments’ ids, each as `experiment`',
  experimentsToSearch: "experiments' ids: foreign ones are passed over, like absent ones",
  experimentName: "an experiment's name: own by its plain or qualified name; never another environment's",
  newExperimentName: "the name that an experiment is to get: in the caller's environment",
  artifactLocation: "where an experiment's artifacts go: only under the environment's `sourcePrefixes`",
  experimentTags:
    'tags of an experiment: those by which the server itself would look for issues, with its own secrets, are refused',
  experimentTagKey: "the key of an experiment's tag, as in `experimentTags`",
  run: "a run's id: must be the caller's own; for reading also one behind a version that they may promote",
  runsToRead: "several runs' ids, each as `run`",
  relatedRun: 'a run that is only pointed at: must be readable; text that can be no id names nothing',
  runTags: 'tags; `mlflow.parentRunId` and its like point at runs and models, which must be readable',
  runTag: "a tag's value, judged by its key",
  tagKey: "a tag's key; the proxy's own note is refused",
  modelJson: 'the description of a logged model: ids in it must be readable',
  modelName: "a model's name: own, or a qualified name of an environment that may be promoted from, for reading",
  newModelName: "the name that a model is to get: in the caller's environment",
  catalogLevel: "the catalog or schema of a model's name: with it, as `modelName`; for lists the environment's own",
  version: 'the number of a version of the model that is named beside it; one in Production only by production environments',
  stage: 'the stage that a version is to get, by the matrix of stages',
  stages: 'stages to look for',
  archiveExisting: 'whether other versions of the stage are archived: only among the model’s own',
  alias: 'an alias of the model that is named beside it; `production` is kept for production environments',
  versionSource: 'where a version comes from: a run, logged model, version or storage of the environment',
  versionTags: 'tags of a version, as `runTags`',
  loggedModel: "a logged model's id, as `run`",
  relatedModel: 'a logged model that is only pointed at, as `relatedRun`',
  loggedModelTags: 'tags of a logged model, as `runTags`; names in `mlflow.modelVersions` are rewritten',
  trace: "a trace's id, or several: of the caller's own; for reading also of a run behind a version that they may promote",
  newTrace: "the id that a trace gets: nobody's so far, or one of the caller's own traces",
  relatedTrace: 'a trace that is only pointed at: one that is there must be readable',
  spanAttributes: 'attributes of spans: those of which MLflow makes tags, as `traceTags`',
  resourceAttributes: "attributes of OpenTelemetry's resource, of which MLflow makes tags, as `traceTags`",
  tracesToSearch: "traces' ids: foreign ones are passed over, like absent ones",
  locationsToSearch: 'where traces are looked for: experiments, as `experimentsToSearch`',
  traceTags:
    'tags or metadata of a trace or assessment: runs, models, traces and prompts in them must be readable; where the data lies, MLflow alone says',
  traceTagKey: "a trace tag's key; one that says where MLflow keeps the trace is refused",
  traceTag: "a trace tag's value, judged by its key, as in `traceTags`",
  traceFilter: 'a filter of traces: names of prompts in it are rewritten',
  relatedModelName: 'the name of a model or prompt that is only pointed at: own, or of an environment that may be promoted from',
  assessmentId: "an assessment's id, which MLflow makes up itself: left out",
  notServed: 'refused when it is given',
  storePath: "a path in the artifact store: in an experiment of the caller's; changes only inside artifacts",
  storeFolder: 'a folder in the artifact store, as `storePath`; the root belongs to nobody',
  relativePath: 'a path within artifacts: canonical, without dot segments',
  workspaceFile: "a path of the Files API: in the artifacts of the caller's runs and logged models, as `storePath`",
  dbfsPath: "a path of DBFS: under the environment's `sourcePrefixes`, or as `workspaceFile`",
  localFile: "the path that an uploaded file has on the client: its last part is the file's name, and nothing else of it counts",
  filePath: 'paths of single files within artifacts, each as `relativePath`',
  dataset: "an evaluation data set's id: each of its experiments must be the caller's own",
  issue: "an issue's id: of an experiment of the caller's own",
  newIssue: "the id that an issue gets: nobody's so far",
  relatedIssue: "an assessment's name: where it is an issue's id, of an experiment of the caller's own",
  labelSchema: "a label schema's id: of an experiment of the caller's own",
  labelSchemas: "several label schemas' ids, each as `labelSchema`",
  reviewQueue: "a review queue's id: of an experiment of the caller's own",
  scorersToRead: "scorers' ids: what the answer has of other experiments than the caller's own is left out",
  scorerJson:
    "a scorer as JSON: a judge may name an endpoint of the AI gateway that is the caller's own (`gateway:/chat`), where the environment has it",
  boundResource:
    "what an endpoint is bound to: a scorer's id, of an experiment of the caller's own; text that can be no id names nothing",
  dataSource:
    'where data was read from, as JSON or plain text: runs, models and artifacts that MLflow’s URIs in it name must be readable',
  recordsJson: 'records of a data set as a JSON list: traces that they were made of must be readable; tags in them as `runTags`',
  tagsJson: 'tags as a JSON object, as `runTags`',
  webhook: "a webhook's id: of a webhook that listens to a model of the caller's",
  credentialOperation: "what credentials are for: reading, or writing a version of the caller's own until it is ready",
  registeredModelId: "the id that a workspace gives a model: of the caller's own",
  providersModel:
    "what a provider calls its model: where that is an address, a public one by https, or one of the environment's `gatewayHosts`",
  link: 'an address that a UI shows as a link: of http or https',
  gatewayEndpointName: "the name of an endpoint of the AI gateway, as a model's: of the caller's own",
  gatewayEndpoint: "the id of such an endpoint: its name must be of the caller's own",
  modelDefinitionName: "the name of a model definition of the AI gateway, as a model's: of the caller's own",
  modelDefinition:
    "the id of a model definition: its name must be of the caller's own, to change it also those of all that use it",
  gatewaySecretName: "the name of a secret of the AI gateway, as a model's: of the caller's own",
  gatewaySecret: 'the id of a secret, as `modelDefinition`',
  secretValue: 'what a secret holds: all that its provider asks for, and no variable or file of the server',
  authConfig: "how a provider is shown a secret: not by the server's own identity",
  servingEndpointName:
    "a serving endpoint's name, as a model's; also one that the environment's configuration shares, to get and to query",
  servingEndpointId: "the id that a workspace gives a serving endpoint: of the caller's own",
  servedEntities:
    'what an endpoint serves: versions of models, each as `modelName` for reading and `version`, and what `servingModels` opens; no secrets but of configured scopes',
  servedName: 'what an endpoint calls one of the things that it serves',
  servingConfig: 'the configuration of an endpoint: as `servedEntities`',
  aiGateway: 'limits and guards of an endpoint, without tables of Unity Catalog',
  gatewayRateLimits: 'how often an endpoint may be asked: within `servingLimits`',
  olderRateLimits: 'the same, from before endpoints had an AI gateway: nothing where `servingLimits` say how often',
  ofWorkspace: 'what belongs to the whole workspace: may not be given',
  filter: 'a search filter: names in it are rewritten, and it is narrowed to own rows',
  orderBy: 'columns to sort by: read and written anew',
  pageToken: 'where a search goes on: sealed to the caller, environment and query',
  maxResults: 'the size of a page',
}

function referencesText({ fields }: OpenEndpoint): string {
  const references = Object.entries(fields).filter(([, meaning]) => meaning !== 'free')
  return references
    .map(([selector, meaning]) => (selector === meaning ? `\`${selector}\`` : `\`${selector}\` (${meaning})`))
    .join(', ')
}

type ShownEndpoint = ShownTable['open'][number]

function notesText({ endpoint, only }: ShownEndpoint, kind: UpstreamKind): string {
  const { bytes, repeatable, anyExperiment, modes, administrators } = endpoint
  const inMode = modes?.includes('databricks') ? 'only in Databricks mode' : 'not in Databricks mode'
  const notes = [
    ...(only === null ? [] : [only]),
    ...(modes === undefined || kind === 'mlflow' ? [] : [inMode]),
    ...(administrators ? ['for administrators'] : []),
    ...(bytes === undefined ? [] : [bytes === 'both' ? 'streams bytes both ways' : `streams bytes ${bytes}`]),
    ...(anyExperiment ? ['rows are asked about'] : []),
    ...(repeatable ? ['may be sent twice'] : []),
  ]
  return notes.join('; ')
}

function openTable(endpoints: readonly ShownEndpoint[], kind: UpstreamKind): string {
  const rows = endpoints.map((shown) => {
    const { endpoint } = shown
    const { name, method, path, prefixes, action, versions } = endpoint
    const cells = [
      `\`${name}\``,
      `\`${method} ${path}\``,
      prefixesText(prefixes),
      action,
      coverageOf(endpoint, kind),
      referencesText(endpoint),
      notesText(shown, kind),
      versionsText(versions),
    ]
    return `| ${cells.map(cell).join(' | ')} |`
  })
  return [
    '| endpoint | method and path | below | action | served | references (meaning) | | MLflow |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

const otherAddresses = `Each path is served below
the prefixes named with it (\\*: also with \`ajax-api\` for \`api\`, and each with \`/preview\` behind it), and below \`/env/<name>\` and
those, for callers in several environments.`

function countsText(counts: ShownTable['counts']): string {
  const [first, catalog] = counts
  const other = catalog === undefined ? '' : ` (with Unity Catalog: ${catalog.open} and ${catalog.closed})`
  return `${first?.open} endpoints are open, that is forwarded after a decision, and
${first?.closed} routes are closed${other}. Whatever is not here is answered with 404 \`ENDPOINT_NOT_FOUND\`.`
}

function introduction(kind: UpstreamKind, { counts }: ShownTable): string {
  const decided = 'How a request is judged: [how-it-decides.md](how-it-decides.md).'
  if (kind === 'mlflow') {
    return `# Endpoints

Every route of the MLflow servers ${describedVersions.join(', ')}: ${countsText(counts)} ${otherAddresses}
\`mlflow-env-proxy routes\` prints the same. ${decided} With a Databricks workspace behind the proxy:
[endpoints-databricks.md](endpoints-databricks.md).`
  }
  return `# Endpoints of a Databricks workspace

Every route that databricks-sdk and MLflow's own clients know of a workspace, and those of MLflow's servers, which clients ask for too:
${countsText(counts)} ${otherAddresses}
\`mlflow-env-proxy routes --upstream-kind databricks\` and \`--upstream-kind unityCatalog\` print the same. ${decided} Some endpoints are open
only where models are registered in the workspace itself, or only where they are in Unity Catalog, as \`upstream.registry\` says. The last column
says which MLflow versions know a route (–: none; it is Databricks' own). The meanings of fields: [endpoints.md](endpoints.md#meanings). What
Databricks mode is: [how-it-decides.md](how-it-decides.md#clients-in-databricks-mode).`
}

function meaningsSection(): string {
  const meanings = Object.entries(meaningTexts).map(([meaning, text]) => `| \`${meaning}\` | ${cell(text)} |`)
  return `## Meanings

What a field of a request can hold, and how it is judged. Fields that name nothing are not listed.

| meaning | what it holds |
|---|---|
${meanings.join('\n')}

`
}

/** What the page of one kind of upstream must contain. */
export function renderEndpoints(kind: UpstreamKind): string {
  const shown = shownTable(kind)
  const sections = Object.entries(resources).flatMap(([resource, title]) => {
    const endpoints = shown.open.filter(({ endpoint }) => endpoint.resource === resource)
    return endpoints.length === 0 ? [] : [`### ${title}\n\n${openTable(endpoints, kind)}`]
  })
  const used = new Set(shown.open.map(({ endpoint }) => coverageOf(endpoint, kind)))
  const coverage = Object.entries(coverageTexts).filter(([name]) => [...used].some((each) => each === name))
  return `${introduction(kind, shown)}

<!-- Generated by scripts/generate/generate-endpoint-docs.ts from src/policy/endpoints/: change those, not this file. -->

${kind === 'mlflow' ? meaningsSection() : ''}## Open

What becomes of a request that is let through:

${coverage.map(([name, text]) => `- ${name}: ${text}`).join('\n')}

${sections.join('\n\n')}

${dividedSection(shown)}## Closed

${closedSections(shown.closed)}
`
}

function main(args: readonly string[]): void {
  for (const kind of ['mlflow', 'databricks'] as const) {
    const target = new URL(`../../${endpointPages[kind]}`, import.meta.url)
    const text = renderEndpoints(kind)
    if (!args.includes('--check')) writeFileSync(target, text)
    else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
      console.error(`${endpointPages[kind]} is not what the table says: run node scripts/generate/generate-endpoint-docs.ts`)
      process.exitCode = 1
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2))
