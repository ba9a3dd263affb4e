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

/** How an allowed request is handled. */
const coverageTexts: Readonly<Record<Coverage, string>> = {
  passed: 'the request is sent on as it was checked, and the answer is returned unchanged',
  rewritten: 'names, ids or locations are mapped, in the request, in the answer or in both',
  filtered: "like rewritten, and rows that are not the caller's are left out; pages of searches are refilled",
  'carried out': 'the proxy does it itself, with credentials of the workspace and signed URLs that no client sees',
}

/** What a field of each meaning holds, and how it is checked. `free` fields are not listed. */
export const meaningTexts: Readonly<Record<Exclude<Meaning, 'free'>, string>> = {
  experiment: "an experiment's id: must be the caller's own; `0` is the environment's default experiment",
  experiments: 'ids of experiments, each like `experiment`',
  experimentsToSearch: 'ids of experiments: foreign ones are skipped, like absent ones',
  experimentName: "an experiment's name: the caller's own, plain or qualified; never another environment's",
  newExperimentName: "the new name of an experiment: in the caller's environment",
  artifactLocation: "where an experiment's artifacts are stored: only under the environment's `sourcePrefixes`",
  experimentTags: 'tags of an experiment: those that make the server itself look for issues, with its own secrets, are refused',
  experimentTagKey: "the key of an experiment's tag, like in `experimentTags`",
  run: "a run's id: must be the caller's own; for reading also a run behind a version that the caller may promote",
  runsToRead: 'ids of runs, each like `run`',
  relatedRun: 'a run that is only referred to: must be readable; text that cannot be an id refers to nothing',
  runTags: 'tags; `mlflow.parentRunId` and the like refer to runs and models, which must be readable',
  runTag: "a tag's value, checked by its key",
  tagKey: "a tag's key; the proxy's own tag is refused",
  modelJson: 'the description of a logged model: what its ids refer to must be readable',
  modelName:
    "a model's name: the caller's own, or for reading a qualified name of an environment that the caller may promote from",
  newModelName: "the new name of a model: in the caller's environment",
  catalogLevel: "the catalog or schema of a model's name: together with it like `modelName`; for lists the environment's own",
  version: 'the number of a version of the model in the same request; versions in Production only by production environments',
  stage: 'the new stage of a version, by the table of stages',
  stages: 'stages to look for',
  archiveExisting: "whether other versions in the stage are archived: only for the caller's own models",
  alias: 'an alias of the model in the same request; `production` is reserved for production environments',
  versionSource: 'the source of a version: a run, logged model, version or storage of the environment',
  versionTags: 'tags of a version, like `runTags`',
  loggedModel: "a logged model's id, like `run`",
  relatedModel: 'a logged model that is only referred to, like `relatedRun`',
  loggedModelTags: 'tags of a logged model, like `runTags`; names in `mlflow.modelVersions` are mapped',
  trace: "ids of traces: must be the caller's own; for reading also those of a run behind a version that the caller may promote",
  newTrace: "the id of a new trace: free, or one of the caller's own traces",
  relatedTrace: 'a trace that is only referred to: must be readable if it exists',
  spanAttributes: 'attributes of spans: those that MLflow turns into tags, like `traceTags`',
  resourceAttributes: "attributes of OpenTelemetry's resource, which MLflow turns into tags, like `traceTags`",
  tracesToSearch: 'ids of traces: foreign ones are skipped, like absent ones',
  locationsToSearch: 'where to search for traces: experiments, like `experimentsToSearch`',
  traceTags:
    'tags or metadata of a trace or assessment: runs, models, traces and prompts in them must be readable; only MLflow sets where the data is stored',
  traceTagKey: "the key of a trace's tag; keys that say where MLflow stores the trace are refused",
  traceTag: "the value of a trace's tag, checked by its key, like in `traceTags`",
  traceFilter: 'a filter of traces: names of prompts in it are mapped',
  relatedModelName:
    "the name of a model or prompt that is only referred to: the caller's own, or of an environment that the caller may promote from",
  assessmentId: "an assessment's id, which MLflow generates itself: dropped",
  notServed: 'refused if set',
  storePath: "a path in the artifact store: in one of the caller's experiments; changes only inside artifacts",
  storeFolder: 'a folder in the artifact store, like `storePath`; the root belongs to nobody',
  relativePath: 'a path within artifacts: canonical, without dot segments',
  workspaceFile: "a path of the Files API: in the artifacts of the caller's runs and logged models, like `storePath`",
  dbfsPath: "a path of DBFS: under the environment's `sourcePrefixes`, or like `workspaceFile`",
  localFile: "the path of an uploaded file on the client: only its last part counts, as the file's name",
  filePath: 'paths of single files within artifacts, each like `relativePath`',
  dataset: "an evaluation data set's id: all its experiments must be the caller's own",
  issue: "an issue's id: in one of the caller's own experiments",
  newIssue: 'the id of a new issue: must be free',
  relatedIssue: "an assessment's name: if it is an issue's id, in one of the caller's own experiments",
  labelSchema: "a label schema's id: in one of the caller's own experiments",
  labelSchemas: 'ids of label schemas, each like `labelSchema`',
  reviewQueue: "a review queue's id: in one of the caller's own experiments",
  scorersToRead: "ids of scorers: the answer leaves out those outside the caller's own experiments",
  scorerJson:
    "a scorer as JSON: a judge may name one of the caller's own AI gateway endpoints (`gateway:/chat`), if the environment has the gateway",
  boundResource:
    "what an endpoint is bound to: a scorer's id, in one of the caller's own experiments; text that cannot be an id refers to nothing",
  dataSource: 'where data was read from, as JSON or plain text: runs, models and artifacts in its MLflow URIs must be readable',
  recordsJson:
    'records of a data set as a JSON list: the traces they were created from must be readable; their tags like `runTags`',
  tagsJson: 'tags as a JSON object, like `runTags`',
  webhook: "a webhook's id: of a webhook for one of the caller's models",
  credentialOperation: "the purpose of credentials: reading, or writing one of the caller's own versions until it is ready",
  registeredModelId: "the workspace's id of a model: must be the caller's own",
  providersModel:
    "a provider's name for its model: if it is an address, a public one by https, or one of the environment's `gatewayHosts`",
  link: 'an address that a UI shows as a link: only http or https',
  gatewayEndpointName: "the name of an AI gateway endpoint, mapped like a model's: must be the caller's own",
  gatewayEndpoint: "the id of an AI gateway endpoint: its name must be the caller's own",
  modelDefinitionName: "the name of an AI gateway model definition, mapped like a model's: must be the caller's own",
  modelDefinition:
    "the id of a model definition: its name must be the caller's own, and for changes also the names of everything that uses it",
  gatewaySecretName: "the name of an AI gateway secret, mapped like a model's: must be the caller's own",
  gatewaySecret: 'the id of a secret, like `modelDefinition`',
  secretValue: 'the content of a secret: everything that its provider requires, and no variable or file of the server',
  authConfig: "how the gateway authenticates to a provider: not with the server's own identity",
  servingEndpointName:
    "a serving endpoint's name, mapped like a model's; to get and query also the environment's `sharedServingEndpoints`",
  servingEndpointId: "the workspace's id of a serving endpoint: must be the caller's own",
  servedEntities:
    'what an endpoint serves: versions of models, each like `modelName` for reading and `version`, and what `servingModels` allows; secrets only of configured scopes',
  servedName: 'the name of a served entity within its endpoint',
  servingConfig: 'the configuration of an endpoint, like `servedEntities`',
  aiGateway: 'limits and guardrails of an endpoint, without Unity Catalog tables',
  gatewayRateLimits: 'rate limits of an endpoint: within `servingLimits`',
  olderRateLimits:
    'the older form of rate limits, from before endpoints had an AI gateway: refused if `servingLimits` limits the rate',
  ofWorkspace: 'what belongs to the whole workspace: refused if set',
  filter: "a search filter: names in it are mapped, and it is narrowed to the caller's own rows",
  orderBy: 'columns to sort by: parsed and written anew',
  pageToken: 'where a search continues: encrypted, and bound to the caller, environment and query',
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
    ...(anyExperiment ? ['rows are looked up'] : []),
    ...(repeatable ? ['may be repeated'] : []),
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
the prefixes named with it (\\*: also with \`ajax-api\` for \`api\`, and each followed by \`/preview\`), and below \`/env/<name>\` with
these prefixes, for callers in several environments.`

function countsText(counts: ShownTable['counts']): string {
  const [first, catalog] = counts
  const other = catalog === undefined ? '' : ` (with Unity Catalog: ${catalog.open} and ${catalog.closed})`
  return `${first?.open} endpoints are open, which means forwarded after a decision, and
${first?.closed} routes are closed${other}. All other requests get 404 \`ENDPOINT_NOT_FOUND\`.`
}

function introduction(kind: UpstreamKind, { counts }: ShownTable): string {
  const decided = 'How a request is decided: [how-it-decides.md](how-it-decides.md).'
  if (kind === 'mlflow') {
    return `# Endpoints

Every route of the MLflow servers ${describedVersions.join(', ')}: ${countsText(counts)} ${otherAddresses}
\`mlflow-env-proxy routes\` prints the same. ${decided} With a Databricks workspace behind the proxy:
[endpoints-databricks.md](endpoints-databricks.md).`
  }
  return `# Endpoints of a Databricks workspace

Every route of a workspace that databricks-sdk and MLflow's own clients use, and those of MLflow servers, which clients also call:
${countsText(counts)} ${otherAddresses}
\`mlflow-env-proxy routes --upstream-kind databricks\` and \`--upstream-kind unityCatalog\` print the same. ${decided} Some endpoints are open
only with the workspace's own registry, or only with Unity Catalog (\`upstream.registry\`). The last column
lists the MLflow versions that have a route (–: none; it is Databricks' own). The meanings of fields: [endpoints.md](endpoints.md#meanings).
Databricks mode: [how-it-decides.md](how-it-decides.md#clients-in-databricks-mode).`
}

function meaningsSection(): string {
  const meanings = Object.entries(meaningTexts).map(([meaning, text]) => `| \`${meaning}\` | ${cell(text)} |`)
  return `## Meanings

What a field of a request can hold, and how it is checked. Fields without references are not listed.

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

How an allowed request is handled:

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
