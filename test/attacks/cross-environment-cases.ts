import type { Meaning } from '../../src/policy/meanings/meaning-table.ts'
import {
  absentEntity,
  absentExperiment,
  absentModel,
  absentRun,
  absentScorer,
  absentTrace,
  sharedDataset,
} from '../fixtures/tenancy.ts'
import { anything, both, type Cases, ids, nothing, promotes, reads } from './cross-environment-case.ts'
import { workspaceCrossEnvironmentCases } from './workspace-cross-environment-cases.ts'

const json = JSON.stringify
const tag = (key: string) => (value: string) => [
  { key: 'plain', value: 'x' },
  { key, value },
]

const attributes = (key: string) => (value: string) => [
  { key: 'plain', value: { int_value: '1' } },
  { key, value: { string_value: value } },
]

const run = (say?: (id: string) => unknown) => ids(({ run }) => run(1), absentRun, say)
const loggedModel = (say?: (id: string) => unknown) => ids(({ model }) => model(1), absentModel, say)
const entity = (kind: 'd' | 'iss' | 'ls' | 'rq', say?: (id: string) => unknown) =>
  ids(({ entity }) => entity(kind), absentEntity(kind), say)
const gatewayThing = (kind: 'e' | 'd' | 's') => ids(({ gateway }) => gateway(kind), `${kind}-${absentRun}`)
const trace = (say?: (id: string) => unknown) => ids(({ trace }) => trace(1), absentTrace, say)

/** The name of a prompt that is only pointed at: where the caller may promote from, they may read it. */
function foreignPrompt(say: (name: string) => unknown): Cases {
  return (crossCase) => {
    const value = say(crossCase.other.stored('fraud'))
    return [promotes(crossCase) ? { value, verdict: 'allow' } : { value, verdict: 'foreign-name', withoutLookUps: true }]
  }
}

const foreignModel: Cases = (crossCase) => {
  const { other, endpoint } = crossCase
  const value = other.stored('fraud')
  // No level of a name has a dot.
  if ('catalog_name' in endpoint.fields) return [{ value, verdict: 'invalid-parameter', withoutLookUps: true }]
  if (!promotes(crossCase)) return [{ value, verdict: 'foreign-name', withoutLookUps: true }]
  if (reads(endpoint) && endpoint.resource !== 'webhook') return [{ value, verdict: 'allow' }]
  // Where a stage or an alias may promote, what it is of is looked at first.
  const promoting = endpoint.action === 'transition' || ('alias' in endpoint.fields && other.environment.unityCatalogSchema)
  if (promoting) return [{ value, verdict: 'read-only' }]
  return [{ value, verdict: 'read-only', withoutLookUps: true }]
}

const foreignNewModel: Cases = (crossCase) => {
  const inLevels = 'catalog_name' in crossCase.endpoint.fields
  const verdict = inLevels ? 'invalid-parameter' : promotes(crossCase) ? 'read-only' : 'foreign-name'
  return [{ value: crossCase.other.stored('new'), verdict, withoutLookUps: true }]
}

const foreignExperimentName: Cases = ({ other }) => [
  { value: `${other.environment.experimentRoot}/churn`, verdict: 'foreign-name', withoutLookUps: true },
  { value: `${other.environment.experimentRoot}/nothing`.slice(1), verdict: 'foreign-name', withoutLookUps: true },
]

const foreignPlaces: Cases = ({ other }) => [
  {
    value: `${other.experiment}/${other.run(1)}/artifacts/x`,
    twin: `${absentExperiment}/${absentRun}/artifacts/x`,
    verdict: 'not-found',
  },
  {
    value: `${other.experiment}/models/${other.model(1)}/artifacts/x`,
    twin: `${other.experiment}/models/${absentModel}/artifacts/x`,
    verdict: 'not-found',
  },
  {
    value: `${other.experiment}/${absentRun}/artifacts`,
    twin: `${absentExperiment}/${absentRun}/artifacts`,
    verdict: 'not-found',
  },
  { value: `${other.experiment}`, twin: absentExperiment, verdict: 'not-found' },
  {
    value: `%25${other.experiment.charCodeAt(0).toString(16)}${other.experiment.slice(1)}/${other.run(1)}/artifacts`,
    verdict: 'not-found',
  },
]

const foreignStorage: Cases = ({ other }) => [
  { value: `${other.environment.sourcePrefixes[0]}x`, verdict: 'foreign-source' },
  { value: `mlflow-artifacts:/${other.experiment}`, verdict: 'foreign-source' },
]

/** A copy from an environment that the caller promotes from is allowed; from any other the name alone refuses it. */
const foreignVersion: Cases = (crossCase) => [
  promotes(crossCase)
    ? { value: `models:/${crossCase.other.stored('fraud')}/2`, verdict: 'allow' }
    : { value: `models:/${crossCase.other.stored('fraud')}/2`, verdict: 'foreign-name', withoutLookUps: true },
]

const foreignSources: Cases = both(
  foreignStorage,
  foreignVersion,
  run((id) => `runs:/${id}/model`),
  loggedModel((id) => `models:/${id}`),
  ({ other }) => [
    {
      value: `${other.artifacts(other.run(1))}/model`,
      twin: `${other.artifacts(absentRun)}/model`,
      verdict: 'not-found',
    },
  ],
)

/** For every meaning, what another environment's things look like in it. A new meaning does not compile until it is said here. */
export const crossEnvironmentCases: Record<Meaning, Cases> = {
  ...workspaceCrossEnvironmentCases,
  credentialOperation: nothing,
  servedName: nothing,
  gatewayEndpointName: ({ other }) => [
    { value: `chat_${other.environment.name}`, verdict: 'foreign-name', withoutLookUps: true },
  ],
  gatewayEndpoint: gatewayThing('e'),
  modelDefinitionName: ({ other }) => [{ value: `gpt_${other.environment.name}`, verdict: 'foreign-name', withoutLookUps: true }],
  modelDefinition: gatewayThing('d'),
  gatewaySecretName: ({ other }) => [{ value: `key_${other.environment.name}`, verdict: 'foreign-name', withoutLookUps: true }],
  gatewaySecret: gatewayThing('s'),
  // What is the server's own.
  secretValue: () => [
    { value: { api_key: '$AWS_SECRET_ACCESS_KEY' }, verdict: 'foreign-source' },
    { value: { vertex_credentials: json({ type: 'external_account' }) }, verdict: 'foreign-source' },
  ],
  authConfig: () => [
    { value: { auth_mode: 'default_chain' }, verdict: 'foreign-source' },
    { value: { aws_web_identity_token: '/var/run/secrets/token' }, verdict: 'foreign-source' },
  ],
  experiment: both(
    ids(({ experiment }) => experiment, absentExperiment),
    ids(({ defaultExperiment }) => defaultExperiment, absentExperiment),
  ),
  experiments: both(
    ids(
      ({ experiment }) => experiment,
      absentExperiment,
      (id) => [id],
    ),
    ({ caller, other }) => [
      { value: [caller.experiment, other.experiment], twin: [caller.experiment, absentExperiment], verdict: 'not-found' },
    ],
  ),
  dataset: both(entity('d'), () => [{ value: sharedDataset, twin: absentEntity('d'), verdict: 'not-found' }]),
  issue: entity('iss'),
  labelSchema: entity('ls'),
  labelSchemas: entity('ls', (id) => [id]),
  reviewQueue: entity('rq'),
  tagsJson: both(
    run((id) => json({ plain: 'x', 'mlflow.sourceRun': id })),
    loggedModel((id) => json({ 'mlflow.modelId': id })),
  ),
  dataSource: both(
    run((id) => json({ uri: `runs:/${id}/x` })),
    run((id) => `RUNS:///${id}`),
    loggedModel((id) => json([{ uri: `models:/${id}` }])),
    foreignVersion,
    run((id) => json({ uri: `mlflow-artifacts:/1/${id}/artifacts/x` })),
  ),
  recordsJson: both(
    ({ other }) => [
      { value: json([{ inputs: {} }, { source: { source_data: { trace_id: other.trace(1) } } }]), verdict: 'not-found' },
    ],
    run((id) => json([{ tags: { 'mlflow.sourceRun': id } }])),
  ),
  scorerJson: ({ other }) => [
    {
      value: json({ builtin_scorer_pydantic_data: { model: `gateway:/chat_${other.environment.name}` } }),
      verdict: 'foreign-name',
      withoutLookUps: true,
    },
    { value: json({ third_party_scorer_data: { model: 'endpoints:/x' } }), verdict: 'closed-endpoint', withoutLookUps: true },
  ],
  boundResource: ids(({ scorer }) => scorer, absentScorer),
  // Whose they are, only the answer tells: test/rewrite/answer.test.ts
  scorersToRead: nothing,
  experimentsToSearch: ({ other }) => [{ value: [other.experiment], twin: [absentExperiment], verdict: 'allow' }],
  experimentName: foreignExperimentName,
  newExperimentName: foreignExperimentName,
  artifactLocation: (crossCase) => foreignStorage(crossCase).map((item) => ({ ...item, withoutLookUps: true })),
  run: run(),
  runsToRead: both(
    run((id) => [id]),
    ({ caller, other }) => [{ value: [caller.run(1), other.run(1)], twin: [caller.run(1), absentRun], verdict: 'not-found' }],
  ),
  relatedRun: run(),
  runTags: both(
    run(tag('mlflow.parentRunId')),
    run((id) => tag('mlflow.log-model.history')(json([{ run_id: id }]))),
    run((id) => tag('mlflow.prompt.associatedRunIds')(`${absentRun.slice(1)}, ${id}`)),
    foreignPrompt((name) => tag('mlflow.linkedPrompts')(json([{ name, version: '1' }]))),
    loggedModel(tag('mlflow.modelId')),
  ),
  runTag: run(),
  modelJson: both(
    run((id) => json({ run_id: id })),
    loggedModel((id) => json({ deep: [{ model_id: id }] })),
  ),
  modelName: foreignModel,
  newModelName: foreignNewModel,
  versionSource: foreignSources,
  versionTags: run(tag('mlflow.parentRunId')),
  loggedModel: loggedModel(),
  relatedModel: loggedModel(),
  loggedModelTags: both(
    run(tag('mlflow.sourceRun')),
    foreignPrompt((name) => tag('MLFLOW.linkedPrompts ')(json([{ name, version: '1' }]))),
  ),
  // They name things of the server, which are of no environment.
  experimentTags: () => [
    { value: tag('mlflow.issueDetection.schedule')('{}'), verdict: 'closed-endpoint', withoutLookUps: true },
    { value: tag('MLFLOW.IssueDetection.scheduleState ')('{}'), verdict: 'closed-endpoint', withoutLookUps: true },
  ],
  experimentTagKey: () => [
    { value: 'mlflow.issueDetection.scheduleTraceFilter', verdict: 'closed-endpoint', withoutLookUps: true },
  ],
  // As with traces: one that is free is taken.
  newIssue: ({ other }) => [{ value: other.entity('iss'), verdict: 'not-found' }],
  relatedIssue: entity('iss'),
  trace: both(
    trace(),
    trace((id) => [id]),
  ),
  // There is nothing to be done about it: one that is free is taken.
  newTrace: ({ other }) => [{ value: other.trace(1), verdict: 'not-found' }],
  tracesToSearch: ({ other }) => [{ value: [other.trace(1)], twin: [absentTrace], verdict: 'allow' }],
  locationsToSearch: ({ other }) => [
    { value: [{ mlflow_experiment: { experiment_id: other.experiment } }], verdict: 'allow' },
    { value: [{ inference_table: { full_table_name: `main.${other.environment.name}.x` } }], verdict: 'invalid-parameter' },
  ],
  traceTags: both(
    run((id) => ({ 'mlflow.sourceRun': id })),
    run((id) => ({ plain: 'x', 'mlflow.assessment.sourceRunId': id })),
    run((id) => [
      { key: 'plain', value: 'x' },
      { key: 'mlflow.sourceRun', value: id },
    ]),
    loggedModel((id) => ({ 'mlflow.modelId': id })),
    ({ other }) => [
      { value: { 'mlflow.assessment.scorerTraceId': other.trace(1) }, verdict: 'not-found' },
      { value: { 'mlflow.gateway.linkedTraceId': other.trace(3) }, verdict: 'not-found' },
    ],
    foreignPrompt((name) => ({ 'mlflow.linkedPrompts': json([{ name, version: '1' }]) })),
  ),
  relatedTrace: ({ other }) => [{ value: other.trace(1), verdict: 'not-found' }],
  spanAttributes: both(
    run((id) => attributes('mlflow.traceTag.mlflow.sourceRun')(id)),
    run((id) => attributes('mlflow.sourceRun')(json(id))),
    loggedModel((id) => attributes('mlflow.modelId')(id)),
    ({ other }) => [
      { value: attributes('mlflow.gateway.linkedTraceId')(other.trace(1)), verdict: 'not-found' },
      {
        value: attributes('mlflow.traceTag.mlflow.artifactLocation')(`mlflow-artifacts:/${other.experiment}`),
        verdict: 'invalid-parameter',
        withoutLookUps: true,
      },
      {
        value: attributes('mlflow.traceTag. MLflow.trace.SpansLocation')('ARCHIVE_REPO'),
        verdict: 'invalid-parameter',
        withoutLookUps: true,
      },
    ],
    foreignPrompt((name) => attributes('mlflow.traceTag.mlflow.linkedPrompts')(json([{ name }]))),
  ),
  resourceAttributes: both(
    run((id) => ({ attributes: attributes('mlflow.sourceRun')(id) })),
    ({ other }) => [
      {
        value: { attributes: attributes('MLFLOW.ArtifactLocation')(`mlflow-artifacts:/${other.experiment}`) },
        verdict: 'invalid-parameter',
        withoutLookUps: true,
      },
    ],
  ),
  traceTag: run(),
  relatedModelName: foreignPrompt((name) => name),
  traceFilter: ({ other }) => [{ value: `prompt = '${other.stored('fraud')}/1'`, verdict: 'allow' }],
  notServed: anything('invalid-parameter'),
  traceTagKey: nothing,
  assessmentId: nothing,
  storePath: foreignPlaces,
  storeFolder: foreignPlaces,
  // A foreign name in a filter finds nothing, like one that nobody has: the scope stays the caller's own.
  filter: ({ other, endpoint }) =>
    endpoint.search?.nameColumn === 'modelName'
      ? [{ value: `name = '${other.stored('fraud')}'`, verdict: 'allow' }]
      : [{ value: `name IN ('${other.environment.experimentRoot}/churn')`, verdict: 'allow' }],
  // These name nothing by themselves: versions and aliases belong to the model that is named beside them.
  free: nothing,
  tagKey: nothing,
  version: nothing,
  stage: nothing,
  stages: nothing,
  archiveExisting: nothing,
  alias: nothing,
  relativePath: nothing,
  filePath: nothing,
  localFile: nothing,
  link: nothing,
  providersModel: nothing,
  orderBy: nothing,
  pageToken: nothing,
  maxResults: nothing,
}

/** Meanings of which nothing is another environment's: whoever adds a meaning says here why, or makes cases of it. */
export const nameNothing: ReadonlySet<Meaning> = new Set([
  'gatewayRateLimits',
  'olderRateLimits',
  ...([
    'free',
    'tagKey',
    'version',
    'stage',
    'stages',
    'archiveExisting',
    'alias',
    'relativePath',
    'filePath',
    'localFile',
  ] as const),
  ...(['orderBy', 'pageToken', 'maxResults'] as const),
  // Where they lead to is no environment's.
  ...(['link', 'providersModel'] as const),
  // Its answers are held against their experiments.
  'scorersToRead',
  // An assessment belongs to the trace that is named beside it.
  ...(['traceTagKey', 'assessmentId'] as const),
  // Whether files are read or written, and which of an endpoint's own models.
  ...(['credentialOperation', 'servedName'] as const),
])
