import type { IncomingMessage, ServerResponse } from 'node:http'
import t from 'tap'
import { experimentId, reply, runId, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startApp } from '../../harness/app.ts'

const api = '/api/2.0/mlflow'
const otherRun = 'f'.repeat(32)
const info = (id: string, experiment = experimentId) => ({
  run_id: id,
  run_uuid: id,
  experiment_id: experiment,
  status: 'RUNNING',
  start_time: 5,
  artifact_uri: `mlflow-artifacts:/${experiment}/${id}/artifacts`,
})
const metrics = [
  { key: 'loss', value: 'NaN', timestamp: 1, step: '9007199254740993' },
  { key: 'f1', value: 0.5, timestamp: 1, step: 2 },
]
const version = (name: string, run: string, stage = 'None') => ({
  name,
  version: '1',
  run_id: run,
  current_stage: stage,
  status: 'READY',
  source: `models:/${name}/3`,
})

const upstream = await startFakeUpstream()
const app = await startApp({ upstream: upstream.url })
t.teardown(async () => {
  await app.close()
  await upstream.close()
})

/** What MLflow answers, by path. */
let answers: Record<string, (query: URLSearchParams) => readonly [status: number, body: unknown]> = {}
upstream.answer = (request: IncomingMessage, response: ServerResponse) => {
  const url = new URL(request.url ?? '', upstream.url)
  const answer = answers[url.pathname]
  const [status, body] = answer?.(url.searchParams) ?? [404, { error_code: 'ENDPOINT_NOT_FOUND', message: 'no' }]
  reply(status, body)(request, response)
}
upstream.knowledge.delete(`${api}/model-versions/search`)
upstream.knowledge.set(`${api}/runs/get`, { run: { info: info(runId), data: { metrics } } })

interface Said {
  readonly status: number
  readonly data: Record<string, unknown> | null | undefined
  readonly errors: readonly string[] | null | undefined
  readonly text: string
}

async function ask(query: string, variables?: object): Promise<Said> {
  upstream.received.length = 0
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${app.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables, operationName: /^(?:query|mutation) (\w+)/.exec(query)?.[1] }),
  })
  const text = await response.text()
  return { status: response.status, text, ...JSON.parse(text) }
}

const audit = () => app.lines().findLast((line) => line.audit === true)
const paths = () => upstream.received.map(({ method, url }) => `${method} ${decodeURIComponent(url.replaceAll('+', ' '))}`)

t.test('the web UI’s page of a run', async (t) => {
  answers = {
    [`${api}/model-versions/search`]: () => [
      200,
      {
        model_versions: [
          version('fraud_acc', runId),
          version('fraud_preprod', runId),
          version('fraud_acc', runId, 'Production'),
          version('legacy', runId),
        ],
      },
    ],
  }
  const { status, data, errors } = await ask(
    `query GetRun($data: MlflowGetRunInput!) @component(name: "MLflow.ExperimentRunTracking") {
      mlflowGetRun(input: $data) {
        apiError { helpUrl code message }
        run {
          info { runName status runUuid experimentId artifactUri endTime lifecycleStage startTime userId }
          experiment { experimentId name tags { key value } artifactLocation lifecycleStage lastUpdateTime }
          modelVersions { status version name source }
          data { metrics { key value step timestamp } params { key value } tags { key value } }
          inputs { datasetInputs { dataset { digest name profile schema source sourceType } tags { key value } } modelInputs { modelId } }
          outputs { modelOutputs { modelId step } }
        }
      }
    }`,
    { data: { runId } },
  )
  t.equal(status, 200)
  t.equal(errors, null)
  t.same(data?.mlflowGetRun, {
    apiError: null,
    run: {
      info: {
        runName: '',
        status: 'RUNNING',
        runUuid: runId,
        experimentId: '0',
        artifactUri: `mlflow-artifacts:/7/${runId}/artifacts`,
        endTime: '0',
        lifecycleStage: '',
        startTime: '5',
        userId: '',
      },
      experiment: {
        experimentId: '0',
        name: 'Default',
        tags: [],
        artifactLocation: 'mlflow-artifacts:/7',
        lifecycleStage: '',
        lastUpdateTime: '0',
      },
      modelVersions: [{ status: 'READY', version: '1', name: 'fraud', source: 'models:/fraud/3' }],
      data: {
        metrics: [
          { key: 'loss', value: null, step: '9007199254740993', timestamp: '1' },
          { key: 'f1', value: 0.5, step: '2', timestamp: '1' },
        ],
        params: [],
        tags: [],
      },
      inputs: { datasetInputs: [], modelInputs: [] },
      outputs: { modelOutputs: [] },
    },
  })
  t.match(paths(), [
    /^GET \/api\/2.0\/mlflow\/model-versions\/search\?filter=run_id = '0123456789abcdef0123456789abcdef' AND name LIKE '%_acc'/,
  ])
  t.match(audit(), { endpoint: 'graphql', decision: 'allow', reason: null, status: 200 })
})

t.test('a table of runs asks once for the versions of all, and once for their experiment', async (t) => {
  const ids = Array.from({ length: 60 }, (_, index) => `${'a'.repeat(30)}${String(index).padStart(2, '0')}`)
  answers = {
    [`${api}/runs/search`]: () => [
      200,
      { runs: [...ids.map((id) => ({ info: info(id) })), { info: info(otherRun, '99') }], next_page_token: 'more' },
    ],
    [`${api}/model-versions/search`]: (query) => [
      200,
      { model_versions: query.get('filter')?.includes(String(ids[1])) ? [version('fraud_acc', ids[1] ?? '')] : [] },
    ],
  }
  const { data, errors } = await ask(
    'query SearchRuns($data: MlflowSearchRunsInput!) {mlflowSearchRuns(input: $data) {runs {info {runUuid} experiment {name} modelVersions {name}} nextPageToken}}',
    {
      data: {
        experimentIds: ['0'],
        filter: "params.a = 'x'",
        runViewType: 'ACTIVE_ONLY',
        maxResults: 60,
        orderBy: ['attributes.start_time DESC'],
      },
    },
  )
  t.equal(errors, null)
  const { runs, nextPageToken } = Object(data?.mlflowSearchRuns)
  t.same(
    runs.map((run: { info: { runUuid: string } }) => run.info.runUuid),
    ids,
    'and nobody else’s run',
  )
  t.same(runs[1], { info: { runUuid: ids[1] }, experiment: { name: 'Default' }, modelVersions: [{ name: 'fraud' }] })
  t.not(nextPageToken, 'more', 'the page’s token is the proxy’s own')
  const asked = paths()
  t.equal(asked.filter((path) => path.includes('/model-versions/search')).length, 2, 'fifty runs at once')
  t.equal(asked.filter((path) => path.includes('/experiments/get')).length, 0)
  const [search] = upstream.received
  t.same(JSON.parse(String(search?.body)).experiment_ids, [experimentId])
})

t.test('variables, defaults and inline arguments are judged alike', async (t) => {
  upstream.knowledge.set(`${api}/runs/get`, { run: { info: info(otherRun, '99') } })
  upstream.knowledge.set(`${api}/experiments/get`, { experiment: { experiment_id: '99', name: '/experiments/preprod/x' } })
  t.teardown(() => {
    upstream.knowledge.set(`${api}/runs/get`, { run: { info: info(runId), data: { metrics } } })
    upstream.knowledge.set(`${api}/experiments/get`, {
      experiment: { experiment_id: experimentId, name: '/experiments/acc/Default' },
    })
  })
  answers = {}
  const body = '{run{info{runId}}}'
  const ways: readonly (readonly [query: string, variables?: object])[] = [
    [`{mlflowGetRun(input:{runId:"${otherRun}"})${body}}`],
    [`{x:mlflowGetRun(input:{runUuid:"${otherRun}"})${body}}`],
    [`query Q($r:String){mlflowGetRun(input:{runId:$r})${body}}`, { r: otherRun }],
    [`query Q($r:String="${otherRun}"){mlflowGetRun(input:{runId:$r})${body}}`],
    [`query Q($d:MlflowGetRunInput){...F} fragment F on Query{mlflowGetRun(input:$d)${body}}`, { d: { runId: otherRun } }],
    [`{mlflowGetRun(input:{runId:"""${otherRun}"""})${body}}`],
    [`{mlflowGetRun(input:{runId:"${otherRun.replace('f', '\\u0066')}"})${body}}`],
  ]
  for (const [query, variables] of ways) {
    const { status, data, errors } = await ask(query, variables)
    t.equal(status, 200, query)
    t.same(Object.values(data ?? { x: 'none' }), [null], query)
    t.same(errors, [`Run with id=${otherRun} not found`], query)
    t.same(paths(), [], `${query}: nothing but look-ups`)
    t.match(audit(), {
      endpoint: 'graphql',
      decision: 'deny',
      reason: 'not-found',
      references: [{ kind: 'run', logical: otherRun }],
    })
  }
  const { errors } = await ask('{mlflowGetExperiment(input:{experimentId:"99"}){experiment{name}}}')
  t.match(errors, [/^No Experiment with id=99 exists/])
  for (const id of ['07', ' 7', '+7'])
    t.match((await ask(`{mlflowGetExperiment(input:{experimentId:"${id}"}){experiment{name}}}`)).errors, [
      /Invalid experiment ID/,
    ])
  t.match((await ask('{mlflowGetRun(input:{runId:"x",runUuid:"y"}){run{info{runId}}}}')).errors, [/are different runs/])
  t.match((await ask('{mlflowSearchModelVersions(input:{filter:"name = \'a_acc\' OR 1=1"}){nextPageToken}}')).errors, [
    /filter|Invalid/i,
  ])
})

t.test('of several fields those that are allowed are answered', async (t) => {
  answers = { [`${api}/model-versions/search`]: () => [200, {}] }
  const { data, errors } = await ask(
    '{a:mlflowGetRun(input:{runId:"nonsense"}){run{info{runId}}} b:mlflowSearchModelVersions(input:{maxResults:5}){modelVersions{name}} c:test(inputString:"x"){output __typename}}',
  )
  t.same(data, { a: null, b: { modelVersions: [] }, c: { output: 'x', __typename: 'Test' } })
  t.same(errors, ['Run with id=nonsense not found'])
  t.match(audit(), { decision: 'deny', reason: 'not-found' })
})

t.test('MLflow’s own errors come in the caller’s names, inside an answer with status 200', async (t) => {
  answers = {
    [`${api}/model-versions/search`]: () => [
      400,
      { error_code: 'INVALID_PARAMETER_VALUE', message: 'Registered Model with name=fraud_acc is not like fraud_preprod' },
    ],
    [`${api}/artifacts/list`]: () => [
      500,
      {
        error_code: 'INTERNAL_ERROR',
        message: 'boom (sqlite3.OperationalError) [SQL: SELECT * FROM x WHERE name = fraud_preprod]',
      },
    ],
  }
  const { status, errors, text } = await ask(
    `{a:mlflowSearchModelVersions(input:{filter:"name='fraud'"}){modelVersions{name}} b:mlflowListArtifacts(input:{runId:"${runId}"}){rootUri}}`,
  )
  t.equal(status, 200)
  t.equal(errors?.length, 2)
  t.notMatch(text, /preprod|SQL|fraud_acc/)
})

t.test('what is no judgement of a field ends the whole request, in MLflow’s form', async (t) => {
  answers = { [`${api}/model-versions/search`]: () => [503, 'x'] }
  const gone = await ask('{mlflowSearchModelVersions(input:{}){modelVersions{name}}}')
  t.equal(gone.status, 503)
  t.match(JSON.parse(gone.text), { error_code: 'TEMPORARILY_UNAVAILABLE' })
  answers = { [`${api}/model-versions/search`]: () => [200, 'no json'] }
  t.equal((await ask('{mlflowSearchModelVersions(input:{}){modelVersions{name}}}')).status, 501)
})

t.test('a document that cannot be carried out is answered as MLflow does, and nothing is asked', async (t) => {
  const { status, data, errors } = await ask('{mlflowGetSecrets{x}}')
  t.same([status, data], [200, null])
  t.match(errors, [/Cannot query field/])
  t.same(paths(), [])
  t.match(audit(), { decision: 'deny', reason: 'invalid-parameter' })
  for (const value of ['x', 1.5, [1], { a: 1 }, 12345678901234567890n.toString()]) {
    const wrong = await ask('query Q($n:Int){mlflowSearchRuns(input:{experimentIds:["0"],maxResults:$n}){nextPageToken}}', {
      n: value,
    })
    t.equal(wrong.status, 200)
    t.match(wrong.errors, [/\$n.* got invalid value/], String(value))
  }
})
