import type { Meaning, OpenEndpoint } from '../../src/policy/endpoint.ts'
import type { Environment, Landscape } from '../../src/policy/environment.ts'
import type { JsonObject } from '../../src/policy/json.ts'
import type { ExperimentFact, LoggedModelFact, RunFact, VersionFact } from '../../src/policy/questions.ts'
import { type FakeWorld, makeEnvironment, toJson } from './fake-world.ts'

export const acc = makeEnvironment('acc')
export const preprod = makeEnvironment('preprod')
export const prod = makeEnvironment('prod', { production: true, promotesFrom: ['acc'] })
export const landscape: Landscape = { environments: [acc, preprod, prod], foldsCase: false }

/** Ids of what every environment of the town has. Nothing is made from run 1 and logged model 1; Staging versions are from 2. */
export interface Belongings {
  readonly environment: Environment
  readonly defaultExperiment: string
  readonly experiment: string
  /** Where run 3 and logged model 3 are: acc's are what versions in production are made of. */
  readonly frozenExperiment: string
  readonly run: (number: number) => string
  readonly model: (number: number) => string
  /** A data set, issue, label schema and review queue, by the beginning of its id: `d`, `iss`, `ls`, `rq`. */
  readonly entity: (kind: 'd' | 'iss' | 'ls' | 'rq') => string
  /** Trace 1 is of run 1, trace 2 of run 2, trace 3 of none. */
  readonly trace: (number: number) => string
}

function belongings(environment: Environment, index: number): Belongings {
  const digit = String(index + 1)
  const run = (number: number) => `${digit.repeat(30)}0${number}`
  return {
    environment,
    defaultExperiment: `${digit}0`,
    experiment: `${digit}1`,
    frozenExperiment: `${digit}2`,
    run,
    model: (number) => `m-${run(number)}`,
    entity: (kind) => `${kind}-${run(1)}`,
    trace: (number) => `tr-${run(number)}`,
  }
}

export const inAcc = belongings(acc, 0)
export const inPreprod = belongings(preprod, 1)
export const inProd = belongings(prod, 2)
export const all = [inAcc, inPreprod, inProd] as const
export const absentRun = '9'.repeat(32)
export const absentModel = `m-${absentRun}`
export const absentEntity = (kind: string) => `${kind}-${absentRun}`
/** A trace of acc's that says it is of a run of another experiment. */
export const strayTrace = `tr-${'4'.repeat(32)}`
export const absentTrace = `tr-${absentRun}`
export const absentExperiment = '987'

export function makeRun(id: string, experimentId: string): RunFact {
  return { id, experimentId, artifactUri: `mlflow-artifacts:/${experimentId}/${id}/artifacts` }
}

export function makeModel(id: string, experimentId: string, sourceRunId: string | null = null): LoggedModelFact {
  return { id, experimentId, sourceRunId, artifactUri: `mlflow-artifacts:/${experimentId}/models/${id}/artifacts` }
}

/** A version by its name and number, such as `fraud_acc/2`. */
export function makeVersion(place: string, fact: Partial<VersionFact> = {}): VersionFact {
  const [name = '', version = '1'] = place.split('/')
  return { name, version, stage: 'None', source: 's3://elsewhere/model', runId: null, pendingStage: null, ...fact }
}

function experimentsOf({
  environment: { experimentRoot },
  defaultExperiment,
  experiment,
  frozenExperiment,
}: Belongings): ExperimentFact[] {
  return [
    { id: defaultExperiment, name: `${experimentRoot}/Default` },
    { id: experiment, name: `${experimentRoot}/churn` },
    { id: frozenExperiment, name: `${experimentRoot}/frozen` },
  ]
}

function versionsOf({ environment: { name, production }, experiment, run, model }: Belongings): VersionFact[] {
  const made = { source: `mlflow-artifacts:/${experiment}/${run(2)}/artifacts/model`, runId: run(2) }
  return [
    makeVersion(`fraud_${name}/1`, { ...made, stage: production ? 'Production' : 'None' }),
    makeVersion(`fraud_${name}/2`, { ...made, stage: 'Staging' }),
    makeVersion(`fraud_${name}/3`, { ...made, stage: 'Archived' }),
    makeVersion(`fraud_${name}/4`, { source: `models:/${model(2)}`, stage: 'Staging' }),
  ]
}

/** A data set in experiments of acc and of prod. */
export const sharedDataset = `d-${'a'.repeat(32)}`

/** Three environments with the same things in each, prod's copies of two of acc's versions, and what belongs to nobody. */
export const town: FakeWorld = {
  experiments: [{ id: '0', name: 'Default' }, { id: '5', name: 'legacy' }, ...all.flatMap(experimentsOf)],
  runs: [
    ...all.flatMap(({ run, experiment, frozenExperiment }) =>
      [1, 2, 3].map((n) => makeRun(run(n), n === 3 ? frozenExperiment : experiment)),
    ),
    makeRun('5'.repeat(32), '5'),
  ],
  loggedModels: [
    ...all.flatMap(({ model, experiment, frozenExperiment }) =>
      [1, 2, 3].map((n) => makeModel(model(n), n === 3 ? frozenExperiment : experiment)),
    ),
    makeModel(`m-${'5'.repeat(32)}`, '5'),
  ],
  traces: [
    ...all.flatMap(({ run, trace, experiment }) =>
      [1, 2, 3].map((n) => ({ id: trace(n), experimentId: experiment, sourceRunId: n === 3 ? null : run(n) })),
    ),
    // Of a run that is in another experiment than they are.
    { id: strayTrace, experimentId: inAcc.frozenExperiment, sourceRunId: inAcc.run(2) },
    { id: `tr-${'5'.repeat(32)}`, experimentId: '5', sourceRunId: null },
  ],
  versions: [
    makeVersion('legacy/1'),
    ...all.flatMap(versionsOf),
    makeVersion('risk_acc/1', { stage: 'Production', runId: inAcc.run(3) }),
    makeVersion('risk_acc/2', { stage: 'Staging', source: `models:/${inAcc.model(3)}` }),
    makeVersion('risk_prod/1', { stage: 'Production', source: 'models:/risk_acc/2' }),
  ],
  entities: {
    ...Object.fromEntries(
      all.flatMap(({ experiment, entity }) => (['d', 'iss', 'ls', 'rq'] as const).map((kind) => [entity(kind), [experiment]])),
    ),
    // Of two environments, which nobody has to himself; and one that was in no experiment for long.
    [sharedDataset]: [inAcc.experiment, inProd.experiment],
    [`d-${'5'.repeat(32)}`]: ['5'],
  },
  aliases: { 'fraud_acc@champion': '2', 'risk_acc@live': '1', 'fraud_prod@champion': '1' },
}

/** A good value for every meaning, of the environment's own things. */
function goodValues({
  environment,
  experiment,
  frozenExperiment,
  run,
  model,
  trace,
  entity,
}: Belongings): Record<Meaning, unknown> {
  return {
    free: 'x',
    dataset: entity('d'),
    issue: entity('iss'),
    newIssue: 'iss-of_our-own',
    labelSchema: entity('ls'),
    labelSchemas: [entity('ls')],
    reviewQueue: entity('rq'),
    scorersToRead: ['x'],
    scorerJson: JSON.stringify({ instructions_judge_pydantic_data: { model: 'openai:/gpt' } }),
    recordsJson: JSON.stringify([
      { inputs: { q: 1 }, source: { source_type: 'TRACE', source_data: { trace_id: trace(1) } }, tags: { x: 'y' } },
    ]),
    tagsJson: JSON.stringify({ team: 'x', 'mlflow.sourceRun': run(1) }),
    webhook: 'x',
    credentialOperation: 'x',
    registeredModelId: 'x',
    servingEndpointName: 'x',
    gatewayEndpointName: 'chat',
    servingEndpointId: 'x',
    servedEntities: [],
    servedName: 'x',
    servingConfig: {},
    aiGateway: {},
    ofWorkspace: false,
    tagKey: 'mlflow.parentRunId',
    runTag: run(1),
    version: '1',
    stage: 'Archived',
    stages: ['none', 'STAGING'],
    archiveExisting: false,
    alias: 'champion',
    orderBy: ['name ASC'],
    pageToken: '',
    maxResults: 10,
    experiment,
    // Not the one that its data set is in: that one stays.
    experiments: [frozenExperiment],
    experimentsToSearch: [experiment],
    experimentName: 'churn',
    newExperimentName: 'brand new',
    experimentTags: [{ key: 'team', value: 'x' }],
    experimentTagKey: 'mlflow.issueDetection.priorities',
    artifactLocation: `${environment.sourcePrefixes[0]}x`,
    filter: "name = 'fraud'",
    run: run(1),
    runsToRead: [run(1)],
    relatedRun: run(2),
    runTags: [{ key: 'mlflow.parentRunId', value: run(1) }],
    modelJson: JSON.stringify({
      run_id: run(1),
      model_id: model(1),
      model_uuid: absentRun,
      flavors: { x: { ids: [absentRun] } },
    }),
    modelName: 'fraud',
    newModelName: 'brand new',
    catalogLevel: 'acc',
    versionSource: 'models:/fraud/1',
    versionTags: [{ key: 'team', value: 'x' }],
    trace: trace(1),
    newTrace: `tr-${'8'.repeat(32)}`,
    tracesToSearch: [trace(1)],
    locationsToSearch: [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experiment } }],
    traceTags: { 'mlflow.sourceRun': run(1) },
    traceTagKey: 'mlflow.sourceRun',
    traceTag: run(1),
    relatedTrace: absentTrace,
    spanAttributes: [{ key: 'mlflow.traceTag.mlflow.linkedPrompts', value: { string_value: '[{"name":"fraud"}]' } }],
    resourceAttributes: { attributes: [{ key: 'service.name', value: { string_value: 'x' } }] },
    traceFilter: "prompt = 'fraud/1' AND run_id = 'x'",
    relatedModelName: 'fraud',
    assessmentId: 'a-1',
    // An empty list says nothing.
    notServed: [],
    loggedModel: model(1),
    relatedModel: model(1),
    loggedModelTags: [{ key: 'team', value: 'x' }],
    storePath: `${experiment}/${run(1)}/artifacts/x`,
    storeFolder: `${experiment}/${run(1)}/artifacts`,
    relativePath: 'model/x',
    filePath: 'model/x',
    workspaceFile: 'x',
    dbfsPath: '/x',
  }
}

/** Puts a value at a selector such as `metrics[].model_id` or `trace.trace_info.trace_id`, making what is above it. */
export function setAt(message: JsonObject, selector: string, value: unknown): void {
  const [head = '', tail] = selector.split(/\.(.*)/)
  if (tail === undefined) {
    message.set(head, toJson(value))
    return
  }
  const key = head.replace(/\[\]$/, '')
  const found = message.get(key)
  const inner = Array.isArray(found) ? found[0] : found
  const item: JsonObject = inner instanceof Map ? inner : new Map()
  setAt(item, tail, value)
  message.set(key, key === head ? item : [item])
}

/** A request that fills every field of an endpoint with good values of one environment. */
export function fullMessage(endpoint: OpenEndpoint, place: Belongings, without: readonly Meaning[] = []): JsonObject {
  const values = goodValues(place)
  const message: JsonObject = new Map()
  for (const [selector, meaning] of Object.entries(endpoint.fields)) {
    const column = endpoint.search?.nameColumn
    const value =
      meaning === 'filter' && column !== 'modelName' ? (column ? "name = 'churn'" : "params.a = '1'") : values[meaning]
    // What is free in spans is of all types.
    if (endpoint.body === 'otlp' && meaning === 'free') continue
    if (!without.includes(meaning)) setAt(message, selector, value)
  }
  // Traces are deleted by their ids or by their time.
  if (message.has('request_ids')) for (const name of ['max_timestamp_millis', 'max_traces']) message.delete(name)
  return message
}
