import { GraphQLString, getNamedType } from 'graphql'
import t, { type Test } from 'tap'
import type { Meaning, OpenEndpoint } from '../../src/policy/endpoint.ts'
import { openEndpoints } from '../../src/policy/endpoints.ts'
import type { Environment } from '../../src/policy/environment.ts'
import { messageOf, schema } from '../../src/policy/graphql/schema.ts'
import type { JsonObject } from '../../src/policy/json.ts'
import { printJson } from '../../src/policy/json-text.ts'
import { startApp } from '../support/app.ts'
import { grantOf, type Judged, judge, refusalOf, toJson, verdictOf } from '../support/fake-world.ts'
import { type ClientRequest, writeRequest } from '../support/message-request.ts'
import {
  absentEntity,
  absentExperiment,
  absentModel,
  absentRun,
  absentTrace,
  all,
  type Belongings,
  fullMessage,
  landscape,
  setAt,
  sharedDataset,
  town,
} from '../support/town.ts'
import { startTownServer } from '../support/town-server.ts'

/** Another environment's reference in a field: what must come of it. `twin` is the same reference to something that does not exist. */
interface Case {
  readonly value: unknown
  readonly verdict: string
  readonly twin?: unknown
  /** Refused without a question. */
  readonly unasked?: true
}

/** What is said of a caller, of the other environment, and of the endpoint that is asked. */
interface Trespass {
  readonly caller: Belongings
  readonly other: Belongings
  readonly endpoint: OpenEndpoint
}

type Cases = (trespass: Trespass) => readonly Case[]

const reads = ({ action }: OpenEndpoint) => action === 'read' || action === 'search'
const promotes = ({ caller, other }: Trespass) => caller.environment.promotesFrom.includes(other.environment.name)
const json = JSON.stringify
const tag = (key: string) => (value: string) => [
  { key: 'plain', value: 'x' },
  { key, value },
]

const attributes = (key: string) => (value: string) => [
  { key: 'plain', value: { int_value: '1' } },
  { key, value: { string_value: value } },
]

/** A foreign id and an absent one, said in some form. */
const ids =
  (own: (other: Belongings) => string, absent: string, say: (id: string) => unknown = (id) => id): Cases =>
  ({ other }) => [{ value: say(own(other)), twin: say(absent), verdict: 'not-found' }]

const run = (say?: (id: string) => unknown) => ids(({ run }) => run(1), absentRun, say)
const loggedModel = (say?: (id: string) => unknown) => ids(({ model }) => model(1), absentModel, say)
const entity = (kind: 'd' | 'iss' | 'ls' | 'rq', say?: (id: string) => unknown) =>
  ids(({ entity }) => entity(kind), absentEntity(kind), say)
const both =
  (...cases: Cases[]): Cases =>
  (trespass) =>
    cases.flatMap((make) => make(trespass))
const nothing: Cases = () => []

const trace = (say?: (id: string) => unknown) => ids(({ trace }) => trace(1), absentTrace, say)

/** The name of a prompt that is only pointed at. */
function foreignPrompt(say: (name: string) => unknown): Cases {
  return (trespass) => {
    const value = say(`fraud_${trespass.other.environment.name}`)
    return [promotes(trespass) ? { value, verdict: 'allow' } : { value, verdict: 'foreign-name', unasked: true }]
  }
}

function foreignModel(say: (name: string) => string): Cases {
  return (trespass) => {
    const value = say(`fraud_${trespass.other.environment.name}`)
    if (!promotes(trespass)) return [{ value, verdict: 'foreign-name', unasked: true }]
    if (reads(trespass.endpoint)) return [{ value, verdict: 'allow' }]
    if (trespass.endpoint.action === 'transition') return [{ value, verdict: 'read-only' }]
    return [{ value, verdict: 'read-only', unasked: true }]
  }
}

/** A prompt that is only pointed at: where the caller may promote from, they may read it. */
function foreignPrompts(say: (name: string) => unknown): Cases {
  return (trespass) => [
    {
      value: say(`fraud_${trespass.other.environment.name}`),
      ...(promotes(trespass) ? { verdict: 'allow' } : { verdict: 'foreign-name', unasked: true as const }),
    },
  ]
}

const foreignNewModel: Cases = (trespass) => [
  { value: `new_${trespass.other.environment.name}`, verdict: promotes(trespass) ? 'read-only' : 'foreign-name', unasked: true },
]

const foreignExperimentName: Cases = ({ other }) => [
  { value: `${other.environment.experimentRoot}/churn`, verdict: 'foreign-name', unasked: true },
  { value: `${other.environment.experimentRoot}/nothing`.slice(1), verdict: 'foreign-name', unasked: true },
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
const foreignVersion: Cases = (trespass) => [
  promotes(trespass)
    ? { value: `models:/fraud_${trespass.other.environment.name}/2`, verdict: 'allow' }
    : { value: `models:/fraud_${trespass.other.environment.name}/2`, verdict: 'foreign-name', unasked: true },
]

const foreignSources: Cases = both(
  foreignStorage,
  foreignVersion,
  run((id) => `runs:/${id}/model`),
  loggedModel((id) => `models:/${id}`),
  ({ other }) => [
    {
      value: `mlflow-artifacts:/${other.experiment}/${other.run(1)}/artifacts/model`,
      twin: `mlflow-artifacts:/${other.experiment}/${absentRun}/artifacts/model`,
      verdict: 'not-found',
    },
  ],
)

/** For every meaning, what another environment's things look like in it. A new meaning does not compile until it is said here. */
const trespasses: Record<Meaning, Cases> = {
  // Only in a Databricks workspace: databricks-decide.test.ts
  webhook: () => [],
  credentialOperation: () => [],
  catalogLevel: () => [],
  registeredModelId: () => [],
  servingEndpointName: () => [],
  gatewayEndpointName: ({ other }) => [{ value: `chat_${other.environment.name}`, verdict: 'foreign-name', unasked: true }],
  servingEndpointId: () => [],
  servedEntities: () => [],
  servedName: () => [],
  servingConfig: () => [],
  aiGateway: () => [],
  ofWorkspace: () => [],
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
  recordsJson: both(
    ({ other }) => [
      { value: json([{ inputs: {} }, { source: { source_data: { trace_id: other.trace(1) } } }]), verdict: 'not-found' },
    ],
    run((id) => json([{ tags: { 'mlflow.sourceRun': id } }])),
  ),
  scorerJson: () => [
    { value: json({ third_party_scorer_data: { model: 'gateway:/x' } }), verdict: 'closed-endpoint', unasked: true },
  ],
  // Whose they are, only the answer tells: test/rewrite/answer-rows.test.ts
  scorersToRead: nothing,
  experimentsToSearch: ({ other }) => [{ value: [other.experiment], twin: [absentExperiment], verdict: 'allow' }],
  experimentName: foreignExperimentName,
  newExperimentName: foreignExperimentName,
  artifactLocation: (trespass) => foreignStorage(trespass).map((item) => ({ ...item, unasked: true })),
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
    foreignPrompts((name) => tag('mlflow.linkedPrompts')(json([{ name, version: '1' }]))),
    loggedModel(tag('mlflow.modelId')),
  ),
  runTag: run(),
  modelJson: both(
    run((id) => json({ run_id: id })),
    loggedModel((id) => json({ deep: [{ model_id: id }] })),
  ),
  modelName: foreignModel((name) => name),
  newModelName: foreignNewModel,
  versionSource: foreignSources,
  versionTags: run(tag('mlflow.parentRunId')),
  loggedModel: loggedModel(),
  relatedModel: loggedModel(),
  loggedModelTags: both(
    run(tag('mlflow.sourceRun')),
    foreignPrompts((name) => tag('MLFLOW.linkedPrompts ')(json([{ name, version: '1' }]))),
  ),
  // They name things of the server, which are of no environment.
  experimentTags: () => [
    { value: tag('mlflow.issueDetection.schedule')('{}'), verdict: 'closed-endpoint', unasked: true },
    { value: tag('MLFLOW.IssueDetection.scheduleState ')('{}'), verdict: 'closed-endpoint', unasked: true },
  ],
  experimentTagKey: () => [{ value: 'mlflow.issueDetection.scheduleTraceFilter', verdict: 'closed-endpoint', unasked: true }],
  // As with traces: one that is free is taken.
  newIssue: ({ other }) => [{ value: other.entity('iss'), verdict: 'not-found' }],
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
        unasked: true,
      },
      {
        value: attributes('mlflow.traceTag. MLflow.trace.SpansLocation')('ARCHIVE_REPO'),
        verdict: 'invalid-parameter',
        unasked: true,
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
        unasked: true,
      },
    ],
  ),
  traceTag: run(),
  relatedModelName: foreignPrompt((name) => name),
  traceFilter: ({ other }) => [{ value: `prompt = 'fraud_${other.environment.name}/1'`, verdict: 'allow' }],
  notServed: ({ endpoint }) => [
    { value: endpoint.bytes === undefined ? { any: 'x' } : 'x', verdict: 'invalid-parameter', unasked: true },
  ],
  traceTagKey: nothing,
  assessmentId: nothing,
  storePath: foreignPlaces,
  storeFolder: foreignPlaces,
  // A foreign name in a filter finds nothing, like one that nobody has: the scope stays the caller's own.
  filter: ({ other, endpoint }) =>
    endpoint.search?.nameColumn === 'modelName'
      ? [{ value: `name = 'fraud_${other.environment.name}'`, verdict: 'allow' }]
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
  // Only in a Databricks workspace: databricks-host.test.ts
  workspaceFile: nothing,
  dbfsPath: nothing,
  orderBy: nothing,
  pageToken: nothing,
  maxResults: nothing,
}

/** The text of a refusal without the ids that the caller said. */
function outline(judged: Judged, value: unknown): string {
  const refusal = refusalOf(judged)
  const said = [...(json(value).match(/[\w./%:-]{2,}/g) ?? []), ...(json(value).match(/(?:m-)?[0-9a-f]{32}/g) ?? [])]
  const text = refusal === null ? 'allow' : `${refusal.reason}: ${refusal.message}`
  return said.sort((a, b) => b.length - a.length).reduce((rest, word) => rest.replaceAll(word, '<said>'), text)
}

/** A good request but for one field. */
function trespassMessage(
  { caller, endpoint }: Pick<Trespass, 'caller' | 'endpoint'>,
  selector: string,
  meaning: Meaning,
  value: unknown,
): JsonObject {
  // A version's source and its run must agree, so they are tried one at a time.
  const without: Meaning[] = meaning === 'versionSource' ? ['relatedRun'] : meaning === 'relatedRun' ? ['versionSource'] : []
  const message = fullMessage(endpoint, caller, without)
  if (without.includes('versionSource')) message.set('source', `${caller.environment.sourcePrefixes[0]}x`)
  setAt(message, selector, value)
  if (selector === 'run_id' || selector === 'run_uuid')
    for (const name of ['run_id', 'run_uuid']) if (message.has(name)) setAt(message, name, value)
  return message
}

function ask(
  { caller, endpoint }: Pick<Trespass, 'caller' | 'endpoint'>,
  selector: string,
  meaning: Meaning,
  value: unknown,
): Judged {
  const message = trespassMessage({ caller, endpoint }, selector, meaning, value)
  return judge(landscape, caller.environment, { endpointName: endpoint.name, endpoint, message }, town)
}

for (const caller of all) {
  const name = caller.environment.name

  t.test(`every endpoint serves ${name} its own things`, async (t) => {
    for (const endpoint of openEndpoints.values()) {
      const without: Meaning[] = endpoint.resource === 'modelVersion' && endpoint.action === 'create' ? ['relatedRun'] : []
      const message = fullMessage(endpoint, caller, without)
      const judged = judge(landscape, caller.environment, { endpointName: endpoint.name, endpoint, message }, town)
      const grant = 'allow' in judged.decision ? judged.decision.allow : null
      t.equal(refusalOf(judged)?.message ?? 'allow', 'allow', endpoint.name)
      t.equal(grant?.message, message, 'and what is granted is what was judged')
    }
  })

  for (const other of all.filter((place) => place !== caller)) {
    t.test(`no field of any endpoint lets ${name} reach ${other.environment.name}`, async (t) => {
      for (const endpoint of openEndpoints.values()) {
        for (const [selector, meaning] of Object.entries(endpoint.fields)) {
          const trespass = { caller, other, endpoint }
          for (const { value, twin, verdict, unasked } of trespasses[meaning](trespass)) {
            const judged = ask(trespass, selector, meaning, value)
            const place = `${endpoint.name} ${selector} ${json(value)}`
            t.equal(verdictOf(judged), verdict, place)
            if (unasked) t.equal(judged.questions.length, 0, `${place}: without a question`)
            if (twin !== undefined)
              t.equal(
                outline(judged, value),
                outline(ask(trespass, selector, meaning, twin), twin),
                `${place}: as if it did not exist`,
              )
            if (verdict === 'allow') checkShownOnly(t, trespass, judged, place)
          }
        }
      }
    })
  }
}

/** An allowed request that names something foreign shows nothing but the caller's own, or models of the one they promote from. */
function checkShownOnly(t: Test, trespass: Trespass, judged: Judged, place: string): void {
  const { findings, endpoint } = grantOf(judged)
  const { caller, other } = trespass
  const shows: readonly Environment[] =
    promotes(trespass) && reads(endpoint) ? [caller.environment, other.environment] : [caller.environment]
  t.ok(shows.includes(findings.scope), `${place}: whose rows are shown`)
  const own = [caller.experiment, caller.defaultExperiment, caller.frozenExperiment]
  const foreign = [...findings.visibleExperiments].filter((id) => !own.includes(id))
  t.same(foreign, [], `${place}: whose runs are shown`)
}

// The same once more over HTTP, from whole requests to what a server that has everything hears of them.
const server = await startTownServer(town)
const environments = Object.fromEntries(
  landscape.environments.map(({ name, production, promotesFrom, sourcePrefixes }) => [
    name,
    { production, promotesFrom, sourcePrefixes },
  ]),
)
const app = await startApp({ upstream: server.url, environments })
t.teardown(async () => {
  await app.close()
  await server.close()
})

/** Meanings of which nothing is another environment's: whoever adds a meaning says here why, or makes cases of it. */
const nameNothing: ReadonlySet<Meaning> = new Set([
  ...(['free', 'tagKey', 'version', 'stage', 'stages', 'archiveExisting', 'alias', 'relativePath'] as const),
  ...(['orderBy', 'pageToken', 'maxResults'] as const),
  // Its answers are held against their experiments.
  'scorersToRead',
  // An assessment belongs to the trace that is named beside it.
  ...(['traceTagKey', 'assessmentId'] as const),
])

async function sendAs(caller: Belongings, { method, target, body }: ClientRequest): Promise<{ status: number; text: string }> {
  const token = await app.issuer.token({ roles: [`apps_${caller.environment.name}`] })
  const type: Record<string, string> = body === null ? {} : { 'content-type': 'application/json' }
  const headers = { ...type, authorization: `Bearer ${token}` }
  const response = await fetch(app.url + target, { method, headers, ...(body === null ? {} : { body }) })
  return { status: response.status, text: await response.text() }
}

const [inAcc, , inProd] = all
for (const [caller, other] of [
  [inAcc, inProd],
  [inProd, all[1]],
] as const) {
  t.test(`over HTTP, ${caller.environment.name} reaches nothing of ${other.environment.name}`, async (t) => {
    await sendAs(caller, { method: 'GET', target: '/api/2.0/mlflow/experiments/get?experiment_id=0', body: null })
    let tried = 0
    for (const endpoint of openEndpoints.values()) {
      for (const [selector, meaning] of Object.entries(endpoint.fields)) {
        const cases = trespasses[meaning]({ caller, other, endpoint })
        t.ok(cases.length > 0 || nameNothing.has(meaning), `${endpoint.name}: there are cases for ${selector}, a ${meaning}`)
        for (const { value, verdict } of cases) {
          const message = trespassMessage({ caller, endpoint }, selector, meaning, value)
          const request = writeRequest(endpoint, message)
          const place = `${request.method} ${endpoint.path} ${selector} ${json(value)}`
          server.take()
          const { status, text } = await sendAs(caller, request)
          const heard = server.take().filter(({ isLookUp }) => !isLookUp)
          tried += 1
          if (verdict === 'allow') {
            t.notOk(
              meaning === 'experimentsToSearch' && heard.some((asked) => asked.text.includes(`"${other.experiment}"`)),
              place,
            )
            continue
          }
          t.ok(status >= 400 && status < 500, `${place}: answered ${status} ${text.slice(0, 200)}`)
          t.same(heard, [], `${place}: MLflow hears nothing but questions`)
        }
      }
    }
    t.ok(tried > 100, `${tried} requests`)
  })
}

const camelCase = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

t.test('nor by GraphQL, whose every field is an endpoint', async (t) => {
  const roots = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {}).map((field) => ({ field, root: type?.name.toLowerCase() ?? '' })),
  )
  let tried = 0
  for (const { field, root } of roots) {
    const type = getNamedType(field.args.find(({ name }) => name === 'input')?.type ?? GraphQLString)
    const endpoint = [...openEndpoints.values()].find(({ request }) => request === messageOf(type))
    if (endpoint === undefined) continue
    for (const [selector, meaning] of Object.entries(endpoint.fields)) {
      for (const { value, verdict } of trespasses[meaning]({ caller: inAcc, other: inProd, endpoint })) {
        const message = trespassMessage({ caller: inAcc, endpoint }, selector, meaning, value)
        const said = [...message].filter(([name]) => name === 'metric_key' || endpoint.fields[name] !== 'free')
        const input = new Map(said.map(([name, item]) => [camelCase(name), item]))
        const query = `${root} Q($i:${type.name}){${field.name}(input:$i){__typename}}`
        const body = printJson(toJson({ query, variables: { i: input } }))
        server.take()
        const { status, text } = await sendAs(inAcc, { method: 'POST', target: '/graphql', body })
        const heard = server.take().filter(({ isLookUp }) => !isLookUp)
        tried += 1
        t.equal(status, 200, text)
        if (verdict === 'allow') continue
        t.match(text, /^\{"data":(null|\{"\w+":null\}),"errors":\["/, `${field.name} ${selector}: ${text}`)
        t.same(heard, [], `${field.name} ${selector}: MLflow hears nothing but questions`)
      }
    }
  }
  t.ok(tried > 10, `${tried} requests`)
})
