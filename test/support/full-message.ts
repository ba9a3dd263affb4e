import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import type { Meaning } from '../../src/policy/meanings/meaning.ts'
import type { Field } from '../../src/policy/messages/field.ts'
import type { JsonObject } from '../../src/policy/messages/json/json.ts'
import { fieldOf } from '../../src/policy/messages/message-shape.ts'
import { toJson } from './fake-world.ts'
import { absentRun, absentTrace, type Belongings } from './town.ts'

/** A good value for every meaning, of the environment's own things. */
function goodValues(place: Belongings): Record<Meaning, unknown> {
  const { environment, experiment, frozenExperiment, run, model, trace, entity, opaqueId, gateway, scorer } = place
  return {
    free: 'x',
    dataset: entity('d'),
    issue: entity('iss'),
    newIssue: 'iss-of_our-own',
    relatedIssue: entity('iss'),
    labelSchema: entity('ls'),
    labelSchemas: [entity('ls')],
    reviewQueue: entity('rq'),
    scorersToRead: ['x'],
    scorerJson: JSON.stringify({ instructions_judge_pydantic_data: { model: 'gateway:/chat' } }),
    boundResource: scorer,
    recordsJson: JSON.stringify([
      { inputs: { q: 1 }, source: { source_type: 'TRACE', source_data: { trace_id: trace(1) } }, tags: { x: 'y' } },
    ]),
    dataSource: JSON.stringify({ uri: `runs:/${run(1)}/data.csv`, others: ['models:/fraud/1', 's3://bucket/x'] }),
    tagsJson: JSON.stringify({ team: 'x', 'mlflow.sourceRun': run(1) }),
    webhook: opaqueId('hook'),
    credentialOperation: 'MODEL_VERSION_OPERATION_READ',
    registeredModelId: opaqueId('model'),
    servingEndpointName: 'scorer',
    gatewayEndpointName: 'chat',
    gatewayEndpoint: gateway('e'),
    modelDefinitionName: 'gpt',
    modelDefinition: gateway('d'),
    gatewaySecretName: 'key',
    gatewaySecret: gateway('s'),
    secretValue: { api_key: 'k' },
    authConfig: { auth_mode: 'api_key' },
    link: 'https://workspace.example/#mlflow/experiments/1/runs/2',
    providersModel: 'gpt-5',
    servingEndpointId: opaqueId('endpoint'),
    servedEntities: [{ entity_name: 'fraud', entity_version: '2' }],
    servedName: 'fraud-2',
    servingConfig: { served_entities: [{ entity_name: 'fraud', entity_version: '2' }] },
    aiGateway: {},
    gatewayRateLimits: [],
    olderRateLimits: [],
    ofWorkspace: undefined,
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
    newModelName: 'brand-new',
    catalogLevel: undefined,
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
    localFile: '/home/me/x',
    workspaceFile: `WorkspaceInternal/Mlflow/Artifacts/${experiment}/Runs/${run(1)}/artifacts/x`,
    dbfsPath: `${environment.sourcePrefixes[0]?.replace('dbfs:', '')}x`,
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

const texts = { timestamp: '2026-11-23T00:00:00Z', duration: '1s', fieldMask: 'x' } as const

/** A value that a field takes by its type. */
export function anyValue({ type, form, repeated, values = [] }: Field): unknown {
  if (type === 'bytes') return 'eA=='
  if (type === 'string' || type === 'json') return form === undefined ? 'x' : texts[form]
  if (type === 'bool') return true
  if (type === 'message') return repeated ? [{}] : {}
  return type === 'enum' ? values[0] : 1
}

/** A value as a field takes it: alone, in a list, or in a map; the file paths of one API begin with a slash and those of another do not. */
export function sayIn({ request }: OpenEndpoint, selector: string, value: unknown): unknown {
  const field = fieldOf(request, selector)
  if (selector === 'file_path' && typeof value === 'string') return value.replace(/^\//, '')
  if (field?.map && !(value instanceof Object)) return {}
  return field?.repeated && !(value instanceof Object) ? [value] : value
}

/** The level of a model's name in Unity Catalog that a field holds. */
export function catalogLevel({ environment: { unityCatalogSchema = '' } }: Belongings, selector: string): string {
  const [catalog = '', schema = ''] = unityCatalogSchema.split('.')
  return selector === 'catalog_name' ? catalog : schema
}

function goodValue(endpoint: OpenEndpoint, place: Belongings, selector: string, meaning: Meaning): unknown {
  const field = fieldOf(endpoint.request, selector)
  const column = endpoint.search?.nameColumn
  // Of spans only what they cannot do without: what is free in them is of all types.
  if (endpoint.body === 'otlp' && meaning === 'free') return selector.endsWith('spans[].span_id') ? '0123456789abcdef' : undefined
  if (meaning === 'free') return field === undefined ? 'x' : anyValue(field)
  if (meaning === 'notServed') return field?.repeated ? [] : undefined
  if (meaning === 'catalogLevel') return catalogLevel(place, selector)
  if (meaning === 'filter' && column !== 'modelName') return column ? "name = 'churn'" : "params.a = '1'"
  if (meaning === 'credentialOperation' && endpoint.asks !== undefined) return 'READ_MODEL_VERSION'
  if (selector === 'served_models') return [{ model_name: 'fraud', model_version: '2' }]
  if (meaning === 'traceTags' && field?.repeated) return [{ key: 'mlflow.sourceRun', value: place.run(1) }]
  return goodValues(place)[meaning]
}

/** The groups of fields that exclude each other to which a field or what holds it belongs, each with the member that it is of. */
function choicesOf({ request }: OpenEndpoint, selector: string): (readonly [group: string, member: string])[] {
  const steps = selector.split('.')
  return steps.flatMap((_, depth) => {
    const member = steps.slice(0, depth + 1).join('.')
    const group = fieldOf(request, member)?.oneof
    return group === undefined ? [] : [[`${steps.slice(0, depth).join('.')} ${group}`, member] as const]
  })
}

/**
 * A request that fills every field of an endpoint with good values of one environment. Of fields that exclude each other it has one:
 * `chosen`, or the first.
 */
export function fullMessage(
  endpoint: OpenEndpoint,
  place: Belongings,
  without: readonly Meaning[] = [],
  chosen: string | null = null,
): JsonObject {
  const message: JsonObject = new Map()
  const choices = new Map(chosen === null ? [] : choicesOf(endpoint, chosen))
  for (const [selector, meaning] of Object.entries(endpoint.fields)) {
    const own = choicesOf(endpoint, selector)
    if (without.includes(meaning) || own.some(([group, member]) => (choices.get(group) ?? member) !== member)) continue
    const value = goodValue(endpoint, place, selector, meaning)
    if (value === undefined) continue
    for (const [group, member] of own) choices.set(group, member)
    setAt(message, selector, sayIn(endpoint, selector, value))
  }
  // Traces are deleted by their ids or by their time.
  if (message.has('request_ids')) for (const name of ['max_timestamp_millis', 'max_traces']) message.delete(name)
  return message
}

/** The same as it is allowed: a version is made of a source or of a run, which must agree. */
export function goodMessage(endpoint: OpenEndpoint, place: Belongings): JsonObject {
  return fullMessage(endpoint, place, endpoint.resource === 'modelVersion' && endpoint.action === 'create' ? ['relatedRun'] : [])
}

/** Whether a field takes a value of this form: tags are a list in one API, and a map in another. */
export function fits({ request }: OpenEndpoint, selector: string, value: unknown): boolean {
  const field = fieldOf(request, selector)
  if (field?.map) return value instanceof Object && !Array.isArray(value)
  if (field?.repeated) return !(value instanceof Object) || Array.isArray(value)
  return !Array.isArray(value)
}
