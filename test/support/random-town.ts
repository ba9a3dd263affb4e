import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { openEndpoints } from '../../src/policy/endpoints/endpoint-table.ts'
import { type Environment, type PolicyConfig, stages } from '../../src/policy/environments/environment.ts'
import type { ExperimentFact, LoggedModelFact, RunFact, VersionFact } from '../../src/policy/fact-query.ts'
import type { GatewayFact } from '../../src/policy/genai/gateway-thing.ts'
import type { Meaning } from '../../src/policy/meanings/meaning.ts'
import type { JsonObject } from '../../src/policy/messages/json/json.ts'
import { type FakeWorld, makeEnvironment } from './fake-world.ts'
import { setAt } from './full-message.ts'
import { absentExperiment, absentModel, absentRun, absentScorer, absentTrace, makeModel, makeRun, makeVersion } from './town.ts'

/** A random world, in which it is known by construction whose everything is. */
export interface RandomTown {
  readonly config: PolicyConfig
  readonly world: FakeWorld
  /** Owner's name by experiment id, run id, logged model id and upstream model name; nobody's things are not in it. */
  readonly owners: ReadonlyMap<string, string>
}

type Pick = <T>(values: readonly T[]) => T

const names = ['acc', 'preprod', 'prod']

function drawExperiments(): { facts: ExperimentFact[]; owners: [string, string][] } {
  const own = names.flatMap((name, index) =>
    ['Default', 'churn', 'b'].map((logical, n) => ({
      id: `${index + 1}${n}`,
      name: `/experiments/${name}/${logical}`,
      owner: name,
    })),
  )
  const facts = [...own.map(({ id, name }) => ({ id, name })), { id: '0', name: 'Default' }, { id: '5', name: 'legacy' }]
  return { facts, owners: own.map(({ id, owner }) => [id, owner]) }
}

function drawVersion(
  pick: Pick,
  runs: readonly RunFact[],
  models: readonly LoggedModelFact[],
  name: string,
  number: number,
): VersionFact {
  const run = pick(runs)
  const model = pick(models)
  const sources = [
    `models:/${model.id}`,
    `${run.artifactUri}/model`,
    `models:/${pick(['fraud_acc', 'fraud_prod', 'legacy'])}/1`,
    's3://x/y',
  ]
  return makeVersion(`${name}/${number}`, { stage: pick(stages), runId: pick([run.id, run.id, null]), source: pick(sources) })
}

/** Things of experiments by their ids; a data set may be in two experiments, or in none. */
function drawEntities(pick: Pick, experiments: readonly ExperimentFact[]): [string, readonly string[]][] {
  return ['d', 'iss', 'ls', 'rq'].flatMap((kind) =>
    Array.from({ length: 4 }, (_, index): [string, readonly string[]] => {
      const first = pick(experiments).id
      return [
        `${kind}-${`${index}`.padStart(32, 'c')}`,
        kind === 'd' ? pick([[], [first], [first, pick(experiments).id]]) : [first],
      ]
    }),
  )
}

/** A gateway's things of each environment, and of nobody; a model definition may ask with anybody's secret. */
function drawGateway(pick: Pick): { facts: GatewayFact[]; owners: [string, string][] } {
  const id = (kind: string, index: number) => `${kind}-${`${index}`.padStart(32, 'd')}`
  const facts = [...names.map((name) => `_${name}`), ''].flatMap((suffix, index): GatewayFact[] => {
    const lender = pick([index, index, 0, 3])
    return [
      { id: id('e', index), name: `chat${suffix}`, ...pick([{}, { experimentId: '10' }]) },
      { id: id('s', index), name: `key${suffix}`, provider: 'x', keys: ['api_key'] },
      {
        ...{ id: id('d', index), name: `gpt${suffix}`, provider: 'x' },
        secret: { id: id('s', lender), name: `key${['_acc', '_preprod', '_prod', ''][lender]}` },
      },
    ]
  })
  const owners = names.flatMap((name, index) => ['e', 's', 'd'].map((kind): [string, string] => [id(kind, index), name]))
  return { facts, owners }
}

/** Draws a world: things in all environments and in nobody's, versions made of anything, whoever could have made them so. */
export function drawTown(pick: Pick): RandomTown {
  const promotesFrom = pick([[], ['acc'], ['preprod'], ['acc', 'preprod']])
  const environments = names.map((name) => makeEnvironment(name, name === 'prod' ? { production: true, promotesFrom } : {}))
  const { facts: experiments, owners } = drawExperiments()
  const runs = Array.from({ length: 8 }, (_, index) => makeRun(`${index}`.padStart(32, 'a'), pick(experiments).id))
  const models = Array.from({ length: 8 }, (_, index) =>
    makeModel(`m-${`${index}`.padStart(32, 'b')}`, pick(experiments).id, pick([null, ...runs.map(({ id }) => id)])),
  )
  const traces = Array.from({ length: 8 }, (_, index) => ({
    id: `tr-${`${index}`.padStart(32, 'c')}`,
    experimentId: pick(experiments).id,
    sourceRunId: pick([null, ...runs.map(({ id }) => id)]),
  }))
  const modelNames = [...names.flatMap((name) => [`fraud_${name}`, `risk_${name}`]), 'legacy']
  const versions = modelNames.flatMap((name) => [1, 2, 3].map((number) => drawVersion(pick, runs, models, name, number)))
  const ofExperiment = new Map(owners)
  const owned = [...runs, ...models, ...traces].flatMap(({ id, experimentId }): [string, string][] => {
    const owner = ofExperiment.get(experimentId)
    return owner === undefined ? [] : [[id, owner]]
  })
  const entities = drawEntities(pick, experiments)
  const ofEntities = entities.flatMap(([id, in_]): [string, string][] => {
    const [owner, ...others] = new Set(in_.map((experiment) => ofExperiment.get(experiment)))
    return owner === undefined || others.length > 0 ? [] : [[id, owner]]
  })
  const gateway = drawGateway(pick)
  const ofModels = names.flatMap((name): [string, string][] => [
    [`fraud_${name}`, name],
    [`risk_${name}`, name],
  ])
  return {
    config: { environments, foldsCase: false },
    world: {
      experiments,
      runs,
      loggedModels: models,
      traces,
      versions,
      entities: Object.fromEntries(entities),
      gateway: gateway.facts,
      aliases: { 'fraud_acc@champion': '1', 'fraud_prod@champion': '2' },
    },
    owners: new Map([...owners, ...owned, ...ofModels, ...ofEntities, ...gateway.owners]),
  }
}

/** Everything that a request of any environment could say in a field, own and foreign, absent and nobody's. */
function sayings({ world }: RandomTown): Record<Meaning, readonly unknown[]> {
  const runs = [...world.runs.map(({ id }) => id), absentRun, 'no-id']
  const models = [...world.loggedModels.map(({ id }) => id), absentModel, 'no-id']
  const traces = [...(world.traces ?? []).map(({ id }) => id), absentTrace]
  const experiments = [...world.experiments.map(({ id }) => id), absentExperiment]
  const entityIds = (kind: string) => [
    ...Object.keys(world.entities ?? {}).filter((id) => id.startsWith(`${kind}-`)),
    `${kind}-${absentRun}`,
    'no-id',
  ]
  const gatewayIds = (kind: string) => [
    ...(world.gateway ?? []).map(({ id }) => id).filter((id) => id.startsWith(`${kind}-`)),
    `${kind}-${absentRun}`,
  ]
  const modelNames = ['fraud', 'risk', ...world.versions.map(({ name }) => name), 'x_prod_acc']
  const places = world.runs.flatMap(({ id, experimentId }) => [
    `${experimentId}/${id}/artifacts/x`,
    `${experimentId}/${id}`,
    `11/${id}/artifacts`,
  ])
  const modelPlaces = world.loggedModels.map(({ id, experimentId }) => `${experimentId}/models/${id}/artifacts/x`)
  const parent = runs.map((value) => [{ key: 'mlflow.parentRunId', value }])
  const storePaths = [...places, ...modelPlaces, ...experiments]
  const modelUris = modelNames.flatMap((name) => [
    `models:/${name}/1`,
    `models:/${name}/2`,
    `models:/${name}/Staging`,
    `models:/${name}@champion`,
  ])
  return {
    free: ['x'],
    dataset: entityIds('d'),
    issue: entityIds('iss'),
    newIssue: ['iss-new', ...entityIds('iss')],
    relatedIssue: ['good', 'iss-new', ...entityIds('iss')],
    experimentTags: [[]],
    experimentTagKey: ['x'],
    labelSchema: entityIds('ls'),
    labelSchemas: entityIds('ls').map((id) => [id]),
    reviewQueue: entityIds('rq'),
    scorersToRead: [['x']],
    scorerJson: [
      '{}',
      ...['chat', 'chat_acc', 'chat_prod'].map((name) =>
        JSON.stringify({ builtin_scorer_pydantic_data: { model: `gateway:/${name}` } }),
      ),
    ],
    boundResource: ['job-1', absentScorer],
    dataSource: [...runs.map((id) => `runs:/${id}/x`), ...models.map((id) => JSON.stringify({ uri: `models:/${id}` }))],
    recordsJson: traces.map((trace_id) => JSON.stringify([{ source: { source_data: { trace_id } } }])),
    tagsJson: runs.map((value) => JSON.stringify({ 'mlflow.parentRunId': value })),
    experiments: [...experiments.map((id) => [id]), experiments.slice(0, 2)],
    webhook: ['x'],
    credentialOperation: ['x'],
    registeredModelId: ['x'],
    servingEndpointName: ['x'],
    gatewayEndpointName: ['chat', 'chat_acc', 'chat_prod'],
    gatewayEndpoint: gatewayIds('e'),
    modelDefinitionName: ['gpt', 'gpt_acc', 'gpt_prod'],
    modelDefinition: gatewayIds('d'),
    gatewaySecretName: ['key', 'key_acc', 'key_prod'],
    gatewaySecret: gatewayIds('s'),
    secretValue: [{ api_key: 'k' }, { api_key: '$HOME' }, {}],
    providersModel: ['gpt-5', 'https://models.example.com/v1', 'http://169.254.169.254/'],
    link: ['https://x.example/', 'javascript:alert(1)'],
    authConfig: [{}, { auth_mode: 'api_key' }, { auth_mode: 'default_chain' }],
    servingEndpointId: ['x'],
    servedEntities: [[]],
    servedName: ['x'],
    servingConfig: [{}],
    aiGateway: [{}],
    gatewayRateLimits: [[]],
    olderRateLimits: [[]],
    ofWorkspace: [false],
    tagKey: ['mlflow.parentRunId', 'x'],
    runTag: runs,
    version: ['1', '2', '9'],
    stage: stages,
    stages: [['Staging'], ['Production']],
    archiveExisting: [true, false],
    alias: ['champion', 'production', 'x'],
    orderBy: [['name']],
    pageToken: [''],
    maxResults: [5],
    relativePath: ['x', '', 'a/b'],
    filePath: ['x', 'a/b'],
    localFile: ['x', '/tmp/x', 'C:\\\\x'],
    workspaceFile: ['x'],
    dbfsPath: ['/x'],
    experiment: experiments,
    experimentsToSearch: [experiments, experiments.slice(0, 4), experiments.slice(3)],
    experimentName: ['churn', '/churn', ...world.experiments.map(({ name }) => name)],
    newExperimentName: ['new', '/experiments/prod/new', '/experiments/acc/new'],
    artifactLocation: ['', 's3://acc-bucket/models/x', 's3://prod-bucket/models/x'],
    filter: [
      '',
      "name = 'fraud'",
      "name = 'fraud_acc'",
      "name IN ('fraud_prod', 'risk_prod')",
      "name LIKE '%'",
      "name = '/experiments/prod/churn'",
    ],
    run: runs,
    runsToRead: [...runs.map((id) => [id]), runs.slice(0, 2)],
    relatedRun: ['', ...runs],
    runTags: parent,
    modelJson: [...runs.map((run_id) => JSON.stringify({ run_id })), ...models.map((model_id) => JSON.stringify({ model_id }))],
    modelName: modelNames,
    newModelName: ['new', 'new_acc', 'new_prod'],
    catalogLevel: ['acc', 'prod'],
    versionSource: [
      ...storePaths.map((path) => `mlflow-artifacts:/${path}`),
      ...models.map((id) => `models:/${id}`),
      ...runs.map((id) => `runs:/${id}/m`),
      ...modelUris,
    ],
    versionTags: [[], ...parent],
    trace: [...traces, ...traces.map((id) => [id])],
    newTrace: traces,
    tracesToSearch: [traces, ...traces.map((id) => [id])],
    locationsToSearch: [experiments, experiments.slice(0, 4)].map((ids) =>
      ids.map((experiment_id) => ({ mlflow_experiment: { experiment_id } })),
    ),
    traceTags: [
      ...runs.map((id) => ({ 'mlflow.sourceRun': id })),
      ...traces.map((id) => ({ 'mlflow.gateway.linkedTraceId': id })),
    ],
    traceTagKey: ['mlflow.sourceRun', 'mlflow.gateway.linkedTraceId', 'x'],
    traceTag: [...runs, ...traces],
    relatedTrace: traces,
    spanAttributes: [...runs, ...traces].map((id) => [
      {
        key: `mlflow.traceTag.${id.startsWith('tr-') ? 'mlflow.gateway.linkedTraceId' : 'mlflow.sourceRun'}`,
        value: { string_value: id },
      },
    ]),
    resourceAttributes: runs.map((id) => ({ attributes: [{ key: 'mlflow.sourceRun', value: { string_value: id } }] })),
    traceFilter: ['', "prompt = 'fraud_prod/1'", "status = 'OK'"],
    relatedModelName: modelNames,
    assessmentId: ['x'],
    notServed: [[]],
    loggedModel: models,
    relatedModel: models,
    loggedModelTags: [[], ...parent],
    storePath: storePaths,
    storeFolder: ['', ...storePaths],
  }
}

/** One random request of one random caller in one random world. */
export interface RandomCall extends RandomTown {
  readonly caller: Environment
  readonly administrator: boolean
  readonly endpoint: OpenEndpoint
  readonly message: JsonObject
}

function isRequired(endpoint: OpenEndpoint, selector: string): boolean {
  return endpoint.required.some((spellings) => spellings.split('|')[0] === selector)
}

function isOwn(town: RandomTown, caller: Environment, value: unknown): boolean {
  const ids = JSON.stringify(value).match(/(?:(?:m|tr|d|iss|ls|rq|e|s)-)?[0-9a-f]{32}|"\d\d"|\w+_(?:acc|preprod|prod)/g) ?? []
  return ids.every((id) => town.owners.get(id.replaceAll('"', '')) === caller.name)
}

/** A small generator of pseudo-random picks (mulberry32): quick, and the same for the same seed. */
function picker(seed: number): Pick {
  let state = seed
  return (values) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    const value = values[((mixed ^ (mixed >>> 14)) >>> 0) % values.length]
    if (value === undefined) throw new Error('nothing to pick from')
    return value
  }
}

/** The call of a seed: mostly of own things, so that many requests are allowed and every check is reached. */
export function randomCall(seed: number): RandomCall {
  const pick = picker(seed)
  const town = drawTown(pick)
  const caller = pick(town.config.environments)
  const endpoint = pick([...openEndpoints.values()])
  const values = sayings(town)
  const message: JsonObject = new Map()
  for (const [selector, meaning] of Object.entries(endpoint.fields)) {
    if (!isRequired(endpoint, selector) && !pick([true, true, false])) continue
    if (endpoint.body === 'otlp' && meaning === 'free') continue
    const own = values[meaning].filter((value) => isOwn(town, caller, value))
    setAt(message, selector, pick(own.length > 0 && pick([true, true, true, false]) ? own : values[meaning]))
  }
  if (message.has('run_id') && message.has('run_uuid')) message.delete('run_uuid')
  return { ...town, caller, administrator: pick([true, true, false]), endpoint, message }
}
