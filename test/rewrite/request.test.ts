import fc from 'fast-check'
import t from 'tap'
import { openEndpoints } from '../../src/policy/endpoints/endpoint-table.ts'
import type { Environment } from '../../src/policy/environments/environment.ts'
import type { Grant } from '../../src/policy/grant.ts'
import { JsonNumber } from '../../src/policy/messages/json/json.ts'
import { printJson } from '../../src/policy/messages/json/json-text.ts'
import { placesMeaning, textsOf } from '../../src/policy/messages/message-fields.ts'
import { upstreamFilter } from '../../src/rewrite/request/search-filter.ts'
import { pageMessage, queryIdentity, rowMessage, takeRows, wantedRows } from '../../src/rewrite/request/search-page.ts'
import { upstreamMessage } from '../../src/rewrite/request/upstream-message.ts'
import { upstreamRequest } from '../../src/rewrite/request/upstream-request.ts'
import { grantOf, judge, requestTo, toJson } from '../fakes/fake-fact-source.ts'
import { fullMessage } from '../fixtures/full-message.ts'
import { randomCall } from '../fixtures/random-tenancy.ts'
import { absentTrace, acc, config, inAcc, inProd, prod, tenancy } from '../fixtures/tenancy.ts'
import { tryLaw } from '../harness/law.ts'

type Fields = Readonly<Record<string, unknown>>

function grant(caller: Environment, endpoint: string, fields: Fields): Grant {
  return grantOf(judge(config, caller, requestTo(endpoint, fields), tenancy))
}

/** The request as it goes upstream: method, path and query, body. */
function sent(caller: Environment, endpoint: string, fields: Fields): string {
  const granted = grant(caller, endpoint, fields)
  const { method, target, body } = upstreamRequest(granted)
  return [method, target, ...(body === null ? [] : [body])].join(' ')
}

const api = '/api/2.0/mlflow'
const [run, model, exp] = [inAcc.run(1), inAcc.model(1), inAcc.experiment]
const defaultId = inAcc.defaultExperiment
const [trace, fresh, api3] = [inAcc.trace(1), `tr-${'8'.repeat(32)}`, '/api/3.0/mlflow']
const place = (experiment_id: string) => ({ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id } })
const store = '/api/2.0/mlflow-artifacts/artifacts'

// biome-ignore format: a table
const requests: [caller: Environment, endpoint: string, fields: Fields, sent: string][] = [
  [acc, 'getRegisteredModel', { name: 'fraud' }, `GET ${api}/registered-models/get?name=fraud_acc`],
  [acc, 'getRegisteredModel', { name: 'fraud_acc' }, `GET ${api}/registered-models/get?name=fraud_acc`],
  [prod, 'getRegisteredModel', { name: 'fraud_acc' }, `GET ${api}/registered-models/get?name=fraud_acc`],
  [acc, 'renameRegisteredModel', { name: 'fraud', new_name: 'scam' }, `POST ${api}/registered-models/rename {"name":"fraud_acc","new_name":"scam_acc"}`],
  [acc, 'deleteRegisteredModel', { name: 'fraud' }, `DELETE ${api}/registered-models/delete {"name":"fraud_acc"}`],
  [acc, 'createExperiment', { name: 'churn', tags: [{ key: 'a', value: 'fraud_acc' }] }, `POST ${api}/experiments/create {"name":"/experiments/acc/churn","tags":[{"key":"a","value":"fraud_acc"}]}`],
  // That a name was written with a slash before it is noted, so that it comes back so.
  [acc, 'createExperiment', { name: '/Shared/e\u0301', tags: [{ key: 'a', value: 'b' }] }, `POST ${api}/experiments/create {"name":"/experiments/acc/Shared/é","tags":[{"key":"a","value":"b"},{"key":"mlflow-env-proxy.leadingSlash","value":"true"}]}`],
  [acc, 'createExperiment', { name: '/experiments/acc/x' }, `POST ${api}/experiments/create {"name":"/experiments/acc/x"}`],
  [acc, 'getExperimentByName', { experiment_name: 'e\u0301' }, `GET ${api}/experiments/get-by-name?experiment_name=%2Fexperiments%2Facc%2F%C3%A9`],
  [acc, 'getExperimentByName', { experiment_name: '/churn' }, `GET ${api}/experiments/get-by-name?experiment_name=%2Fexperiments%2Facc%2Fchurn`],
  [acc, 'getExperiment', { experiment_id: '0' }, `GET ${api}/experiments/get?experiment_id=${defaultId}`],
  [acc, 'createRun', { experiment_id: '0', run_name: 'x' }, `POST ${api}/runs/create {"experiment_id":"${defaultId}","run_name":"x"}`],
  [acc, 'updateExperiment', { experiment_id: exp, new_name: 'b' }, `POST ${api}/experiments/update {"experiment_id":"${exp}","new_name":"/experiments/acc/b"}`],
  [acc, 'updateExperiment', { experiment_id: exp, new_name: '' }, `POST ${api}/experiments/update {"experiment_id":"${exp}","new_name":""}`],
  [acc, 'getRun', { run_uuid: run }, `GET ${api}/runs/get?run_uuid=${run}`],
  [acc, 'searchRuns', { experiment_ids: ['0', exp, inProd.experiment], filter: "params.a='1'", order_by: ['metrics.`b c` desc'] }, `POST ${api}/runs/search {"experiment_ids":["${defaultId}","${exp}"],"filter":"params.a = '1'","order_by":["metrics.\`b c\` DESC"]}`],
  [acc, 'transitionModelVersionStage', { name: 'fraud', version: '2', stage: 'sTAGING', archive_existing_versions: true }, `POST ${api}/model-versions/transition-stage {"name":"fraud_acc","version":"2","stage":"Staging","archive_existing_versions":true}`],
  [acc, 'getLatestVersionsPost', { name: 'fraud', stages: ['none', 'STAGING'] }, `POST ${api}/registered-models/get-latest-versions {"name":"fraud_acc","stages":["None","Staging"]}`],
  [acc, 'createModelVersion', { name: 'fraud', source: 'models:/fraud/2', run_id: '' }, `POST ${api}/model-versions/create {"name":"fraud_acc","source":"models:/fraud_acc/2","run_id":"${inAcc.run(2)}","tags":[{"key":"mlflow-env-proxy.pendingStage","value":"Staging"}]}`],
  [prod, 'createModelVersion', { name: 'fraud', source: 'models:/fraud_acc/2' }, `POST ${api}/model-versions/create {"name":"fraud_prod","source":"models:/fraud_acc/2","run_id":"${inAcc.run(2)}","tags":[{"key":"mlflow-env-proxy.pendingStage","value":"Production"}]}`],
  [acc, 'createModelVersion', { name: 'ask', source: 's3://acc-bucket/models/x', tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }] }, `POST ${api}/model-versions/create {"name":"ask_acc","source":"s3://acc-bucket/models/x","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]}`],
  [acc, 'setLoggedModelTags', { model_id: model, tags: [{ key: 'mlflow.modelVersions', value: '[{"name":"fraud","version":3}]' }] }, `PATCH ${api}/logged-models/${model}/tags {"model_id":"${model}","tags":[{"key":"mlflow.modelVersions","value":"[{\\"name\\": \\"fraud_acc\\", \\"version\\": 3}]"}]}`],
  [acc, 'deleteLoggedModelTag', { model_id: model, tag_key: 'a b?c' }, `DELETE ${api}/logged-models/${model}/tags/a%20b%3Fc {"model_id":"${model}","tag_key":"a b?c"}`],
  [acc, 'getLoggedModel', { model_id: model, allow_deleted: true }, `GET ${api}/logged-models/${model}?allow_deleted=true`],
  [acc, 'listArtifacts', { run_id: run, path: 'a%2520b/' }, `GET ${api}/artifacts/list?run_id=${run}&path=a%20b`],
  // Names of images that clients of MLflow 2 log: its server decodes them again, and writes back what that makes of a step or a time.
  [acc, 'downloadArtifact', { artifact_path: `${exp}/${run}/artifacts/images/a%step%12%timestamp%1795475888451%v.png` }, `GET ${store}/${exp}/${run}/artifacts/images/a%25step%2512%25timestamp%251795475888451%25v.png`],
  [acc, 'downloadArtifact', { artifact_path: `${exp}/${run}/artifacts/images/a%step%80%timestamp%2512` }, `GET ${store}/${exp}/${run}/artifacts/images/a%25step%EF%BF%BD%25timestamp%2512`],
  [acc, 'downloadArtifact', { artifact_path: `${exp}/${run}/artifacts/..data/...` }, `GET ${store}/${exp}/${run}/artifacts/..data/...`],
  [acc, 'listArtifacts', { run_id: run, path: '..data/a..' }, `GET ${api}/artifacts/list?run_id=${run}&path=..data%2Fa..`],
  [acc, 'downloadArtifact', { artifact_path: `0/${'x'}` }, `GET ${store}/${defaultId}/x`],
  [acc, 'downloadArtifact', { artifact_path: `${exp}/${run}/artifacts/a%20b%25c%3Fd%23/é` }, `GET ${store}/${exp}/${run}/artifacts/a%20b%25c%3Fd%23/%C3%A9`],
  [acc, 'listStoredArtifacts', { path: `${exp}/${run}/artifacts/` }, `GET ${store}?path=${exp}%2F${run}%2Fartifacts`],
  [acc, 'uploadArtifact', { artifact_path: `%31%31/${run}/artifacts/x` }, `PUT ${store}/${exp}/${run}/artifacts/x`],
  [acc, 'getMetricHistoryBulk', { run_id: [run, inAcc.run(2)], metric_key: 'a b', max_results: 5 }, `GET /ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=${run}&run_id=${inAcc.run(2)}&metric_key=a%20b&max_results=5`],
  [acc, 'startTrace', { trace: { trace_info: { trace_id: fresh, trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: '0' } }, tags: { a: 'fraud_acc', 'mlflow.artifactLocation': 's3://x/y', 'mlflow.linkedPrompts': '[{"name": "fraud", "version": "1"}]' }, trace_metadata: { 'mlflow.sourceRun': run }, assessments: [{ assessment_id: 'a-1', assessment_name: 'good', trace_id: fresh }] } } }, `POST ${api3}/traces {"trace":{"trace_info":{"trace_id":"${fresh}","trace_location":{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"${defaultId}"}},"tags":{"a":"fraud_acc","mlflow.linkedPrompts":"[{\\"name\\": \\"fraud_acc\\", \\"version\\": \\"1\\"}]"},"trace_metadata":{"mlflow.sourceRun":"${run}"},"assessments":[{"assessment_id":"","assessment_name":"good","trace_id":"${fresh}"}]}}}`],
  [acc, 'startTraceV2', { experiment_id: '0', timestamp_ms: 1, tags: [{ key: 'a', value: 'b' }, { key: 'MLflow.artifactLocation ', value: 'x' }] }, `POST ${api}/traces {"experiment_id":"${defaultId}","timestamp_ms":1,"tags":[{"key":"a","value":"b"}]}`],
  [acc, 'endTraceV2', { request_id: trace, status: 'OK', tags: [{ key: 'mlflow.trace.spansLocation', value: 'x' }] }, `PATCH ${api}/traces/${trace} {"request_id":"${trace}","status":"OK","tags":[]}`],
  [acc, 'getTraceInfo', { trace_id: trace }, `GET ${api3}/traces/${trace}`],
  [acc, 'getTrace', { trace_id: trace, allow_partial: true }, `GET ${api3}/traces/get?trace_id=${trace}&allow_partial=true`],
  [acc, 'batchGetTraces', { trace_ids: [inProd.trace(1), trace, absentTrace] }, `GET ${api3}/traces/batchGet?trace_ids=${trace}`],
  [acc, 'batchGetTraceInfos', { trace_ids: [trace, inProd.trace(1)], experiment_ids: ['0', exp] }, `POST ${api3}/traces/batchGetInfos {"trace_ids":["${trace}"],"experiment_ids":["${defaultId}","${exp}"]}`],
  [acc, 'searchTraces', { locations: [place('0'), place(inProd.experiment), place(exp)], filter: "prompt='fraud/1' AND span.prompt = 'x/1'" }, `POST ${api3}/traces/search {"locations":[${JSON.stringify(place(defaultId))},${JSON.stringify(place(exp))}],"filter":"prompt = 'fraud_acc/1' AND span.prompt = 'x/1'"}`],
  [acc, 'searchTraces', { locations: [place(exp)], filter: "tags.Prompt = 'fraud_prod/1' AND tags.`mlflow.linkedPrompts` = 'a b/2'" }, `POST ${api3}/traces/search {"locations":[${JSON.stringify(place(exp))}],"filter":"tags.Prompt = 'fraud_prod_acc/1' AND tags.\`mlflow.linkedPrompts\` = 'a b_acc/2'"}`],
  [prod, 'searchTraces', { locations: [place(inProd.experiment)], filter: "prompt = 'fraud_acc/1'" }, `POST ${api3}/traces/search {"locations":[${JSON.stringify(place(inProd.experiment))}],"filter":"prompt = 'fraud_acc/1'"}`],
  [acc, 'searchTracesV2', { experiment_ids: ['0', inProd.experiment], filter: "tags.a = 'b'" }, `GET ${api}/traces?experiment_ids=${defaultId}&filter=tags.a%20%3D%20%27b%27`],
  [acc, 'deleteTraces', { experiment_id: '0', request_ids: [inProd.trace(1), trace] }, `POST ${api}/traces/delete-traces {"experiment_id":"${defaultId}","request_ids":["${trace}"]}`],
  [acc, 'setTraceTag', { trace_id: trace, key: 'mlflow.linkedPrompts', value: '[{"name":"fraud"}]' }, `PATCH ${api3}/traces/${trace}/tags {"trace_id":"${trace}","key":"mlflow.linkedPrompts","value":"[{\\"name\\": \\"fraud_acc\\"}]"}`],
  [acc, 'setTraceTag', { trace_id: trace, key: 'team', value: 'fraud' }, `PATCH ${api3}/traces/${trace}/tags {"trace_id":"${trace}","key":"team","value":"fraud"}`],
  [acc, 'linkPromptsToTrace', { trace_id: trace, prompt_versions: [{ name: 'fraud', version: '1' }] }, `POST ${api}/traces/link-prompts {"trace_id":"${trace}","prompt_versions":[{"name":"fraud_acc","version":"1"}]}`],
  [prod, 'linkPromptsToTrace', { trace_id: inProd.trace(1), prompt_versions: [{ name: 'fraud_acc', version: '1' }] }, `POST ${api}/traces/link-prompts {"trace_id":"${inProd.trace(1)}","prompt_versions":[{"name":"fraud_acc","version":"1"}]}`],
  [acc, 'queryTraceMetrics', { experiment_ids: ['0'], metric_name: 'trace_count' }, `POST ${api3}/traces/metrics {"experiment_ids":["${defaultId}"],"metric_name":"trace_count"}`],
  [acc, 'calculateTraceFilterCorrelation', { experiment_ids: [exp], filter_string1: "prompt = 'fraud/1'", filter_string2: "status = 'OK'" }, `POST ${api3}/traces/calculate-filter-correlation {"experiment_ids":["${exp}"],"filter_string1":"prompt = 'fraud_acc/1'","filter_string2":"status = 'OK'"}`],
  [acc, 'createAssessment', { trace_id: trace, assessment: { assessment_id: 'a-1', assessment_name: 'x' } }, `POST ${api3}/traces/${trace}/assessments {"assessment":{"assessment_id":"","assessment_name":"x"}}`],
  [acc, 'deleteAssessment', { trace_id: trace, assessment_id: 'a b/c' }, `DELETE ${api3}/traces/${trace}/assessments/a%20b%2Fc {"trace_id":"${trace}","assessment_id":"a b/c"}`],
  [acc, 'getTraceArtifact', { request_id: trace, path: 'a%20b' }, `GET /ajax-api/2.0/mlflow/get-trace-artifact?request_id=${trace}&path=a%20b`],
  [acc, 'getServerVersion', {}, 'GET /version'],
]

t.test('a granted request is written anew, in upstream names', async (t) => {
  for (const [caller, endpoint, fields, expected] of requests) {
    t.equal(
      sent(caller, endpoint, fields).replaceAll('+', '%20'),
      expected,
      `${caller.name}: ${endpoint} ${JSON.stringify(fields)}`,
    )
  }
})

t.test('numbers of any size and MLflow’s NaN go upstream as they came', async (t) => {
  const fields = {
    run_id: run,
    key: 'a',
    value: 'NaN',
    timestamp: new JsonNumber('9007199254740993'),
    step: new JsonNumber('-9223372036854775808'),
  }
  const body = `{"run_id":"${run}","key":"a","value":"NaN","timestamp":9007199254740993,"step":-9223372036854775808}`
  t.equal(sent(acc, 'logMetric', fields), `POST ${api}/runs/log-metric ${body}`)
})

t.test('a path parameter cannot lead to another path', async (t) => {
  for (const tag_key of ['.', '..']) {
    const granted = grant(acc, 'deleteLoggedModelTag', { model_id: model, tag_key })
    t.throws(() => upstreamRequest(granted), { name: 'Refusal', reason: 'malformed' }, JSON.stringify(tag_key))
  }
  t.match(
    sent(acc, 'deleteLoggedModelTag', { model_id: model, tag_key: '../x' }),
    `/tags/..%2Fx `,
    'a slash in it is not a segment',
  )
})

t.test('every endpoint can be written, and what was judged stays as it was', async (t) => {
  for (const endpoint of openEndpoints.values()) {
    const message = fullMessage(endpoint, inAcc, endpoint.name === 'createModelVersion' ? ['relatedRun'] : [])
    const before = printJson(message)
    const granted = grantOf(judge(config, acc, { endpointName: endpoint.name, endpoint, message, administrator: true }, tenancy))
    const request = upstreamRequest(granted)
    t.equal(printJson(granted.message), before, endpoint.name)
    t.equal(request.method, endpoint.method)
    t.ok(request.target.startsWith(endpoint.upstreamPrefix) && !/[{}\s]/.test(request.target), request.target)
    const streamed = endpoint.bytes !== undefined && endpoint.opaque !== true
    t.equal(
      request.body === null && request.spans === null,
      endpoint.method === 'GET' || streamed,
      'a body where there belongs one',
    )
  }
})

t.test('whatever is granted, nothing that goes upstream names what the caller has not', async (t) => {
  let written = 0
  const law = tryLaw(
    fc.property(fc.nat(), (seed) => {
      const { config, caller, administrator, endpoint, message, facts, owners } = randomCall(seed)
      const { decision } = judge(config, caller, { endpointName: endpoint.name, endpoint, message, administrator }, facts)
      if ('deny' in decision) return
      const upstream = upstreamMessage(decision.allow)
      upstreamRequest(decision.allow)
      written += 1
      const texts = placesMeaning(endpoint, upstream, 'modelName', 'newModelName').flatMap(({ value }) => textsOf(value))
      const named = texts.map((name) => name.replace(/.*_/, ''))
      const ofGateway = placesMeaning(endpoint, upstream, 'gatewayEndpointName', 'modelDefinitionName', 'gatewaySecretName')
      const shared = ofGateway.filter(({ value }) => typeof value === 'string' && !value.endsWith(`_${caller.name}`))
      const foreign = named.filter((owner) => owner !== caller.name && !caller.promotesFrom.includes(owner))
      const experiments = placesMeaning(endpoint, upstream, 'experimentsToSearch', 'experiment').flatMap(({ value }) =>
        textsOf(value),
      )
      const { usageExperimentId: made } = decision.allow.context
      const lost = experiments.filter((id) => id !== made && owners.get(id) !== caller.name)
      const places = placesMeaning(endpoint, upstream, 'experimentName', 'newExperimentName').flatMap(({ value }) =>
        textsOf(value),
      )
      const outside = places.filter((name) => name !== '' && !name.startsWith(`/experiments/${caller.name}/`))
      const wrong = [...foreign, ...lost, ...outside, ...shared.map(({ selector }) => selector)]
      if (wrong.length > 0) throw new Error(`${endpoint.name} of ${caller.name} names ${wrong}`)
    }),
    6000,
  )
  t.equal(law, 'holds')
  t.ok(written > 2000, `${written} requests were written`)
})

// biome-ignore format: a table
const filters: [caller: Environment, endpoint: string, filter: string, upstream: string][] = [
  [acc, 'searchRegisteredModels', '', "name LIKE '%_acc'"],
  [acc, 'searchRegisteredModels', "name = 'fraud'", "name = 'fraud_acc' AND name LIKE '%_acc'"],
  [acc, 'searchRegisteredModels', "name = 'fraud_acc'", "name = 'fraud_acc' AND name LIKE '%_acc'"],
  [acc, 'searchRegisteredModels', "name = 'fraud_prod'", "name = 'fraud_prod_acc' AND name LIKE '%_acc'"],
  [acc, 'searchRegisteredModels', "name LIKE 'fra%' AND tags.a = 'name'", "name LIKE 'fra%_acc' AND tags.a = 'name' AND name LIKE '%_acc'"],
  [acc, 'searchRegisteredModels', "name ILIKE '%' AND name != 'x'", "name ILIKE '%_acc' AND name != 'x_acc' AND name LIKE '%_acc'"],
  [prod, 'searchModelVersions', "name = 'fraud_acc'", "name = 'fraud_acc' AND name LIKE '%_acc'"],
  [prod, 'searchModelVersions', "name = 'fraud'", "name = 'fraud_prod' AND name LIKE '%_prod'"],
  [acc, 'searchModelVersions', "run_id = 'x' AND source_path = 'models:/fraud/1'", "run_id = 'x' AND source_path = 'models:/fraud_acc/1' AND name LIKE '%_acc'"],
  [acc, 'searchModelVersions', "source_path = 'models:/fraud_prod/1'", "source_path = 'models:/fraud_prod/1' AND name LIKE '%_acc'"],
  [acc, 'searchModelVersions', "name IN ('a', 'b')", "name IN ('a_acc', 'b_acc') AND name LIKE '%_acc'"],
  [acc, 'searchModelVersions', "source_path LIKE 'models:/fraud/%'", "source_path LIKE 'models:/fraud_acc/%' AND name LIKE '%_acc'"],
  [acc, 'searchModelVersions', "source_path ILIKE 'models:/fr%/1'", "source_path ILIKE 'models:/fr%/1' AND name LIKE '%_acc'"],
  [acc, 'searchModelVersions', "source_path LIKE 'models:/fraud_prod@%'", "source_path LIKE 'models:/fraud_prod@%' AND name LIKE '%_acc'"],
  [acc, 'searchModelVersions', "source_path LIKE 'models:/m-00000000000000000000000000000001/%'", "source_path LIKE 'models:/m-00000000000000000000000000000001/%' AND name LIKE '%_acc'"],
  [acc, 'searchExperiments', "experiment_id IN ('0', '11') AND tags.experiment_id = '0'", "experiment_id IN ('10', '11') AND tags.experiment_id = '0' AND name LIKE '/experiments/acc/%'"],
  [acc, 'searchLoggedModels', "experiment_id != '0'", "experiment_id != '10'"],
  [acc, 'searchExperiments', "name = 'churn'", "name = '/experiments/acc/churn' AND name LIKE '/experiments/acc/%'"],
  [acc, 'searchExperiments', "name LIKE '/experiments/acc/ch%'", "name LIKE '/experiments/acc/ch%' AND name LIKE '/experiments/acc/%'"],
  [acc, 'searchExperiments', "name LIKE '/ch%'", "name LIKE '/experiments/acc/ch%' AND name LIKE '/experiments/acc/%'"],
  [acc, 'searchExperiments', "name ILIKE '%urn' AND tags.name = 'x'", "name ILIKE '/experiments/acc/%urn' AND tags.name = 'x' AND name LIKE '/experiments/acc/%'"],
  [acc, 'searchExperiments', "name LIKE '%/urn'", "name LIKE '/experiments/acc%/urn' AND name LIKE '/experiments/acc/%'"],
  [acc, 'searchExperiments', "name LIKE 'e\u0301%'", "name LIKE '/experiments/acc/é%' AND name LIKE '/experiments/acc/%'"],
  [acc, 'searchExperiments', "name = 'e\u0301'", "name = '/experiments/acc/é' AND name LIKE '/experiments/acc/%'"],
  [acc, 'searchExperiments', "name = '/experiments/prod/churn'", "name = '/experiments/acc//experiments/prod/churn' AND name LIKE '/experiments/acc/%'"],
  [acc, 'searchRuns', "tags.name = 'fraud_prod'", "tags.name = 'fraud_prod'"],
]

t.test('a filter goes upstream in upstream names, narrowed to the rows of one environment', async (t) => {
  for (const [caller, endpoint, filter, expected] of filters) {
    const granted = grant(caller, endpoint, { filter, experiment_ids: ['0'] })
    const upstream =
      endpoint === 'searchRuns' || filter !== ''
        ? upstreamFilter(filter, granted.endpoint.search, granted.context)
        : upstreamMessage(granted).get('filter')
    t.equal(upstream, expected, `${caller.name}: ${endpoint} ${filter}`)
  }
  const withoutFilter = grant(acc, 'searchModelVersions', {})
  t.equal(upstreamMessage(withoutFilter).get('filter'), "name LIKE '%_acc'", 'also where the caller gives none')
})

t.test('a page of a search is filled with the caller’s own rows, in order', async (t) => {
  const granted = grant(acc, 'searchModelVersions', { max_results: 3, filter: "name LIKE '%'", page_token: 'x' })
  const { search } = granted.endpoint
  if (search === undefined) throw new Error('it is a search')
  const rows = ['a_acc', 'a_prod', 'b_acc', 'legacy', 'c_acc', 'd_acc'].map((name) =>
    toJson({ name, version: '1', current_stage: 'None' }),
  )
  t.equal(rowMessage(granted, search), 'mlflow.ModelVersion')
  t.same([wantedRows(granted.message, search), wantedRows(new Map(), search)], [3, 10_000])
  const names = (taken: readonly unknown[]) => taken.map((row) => (row instanceof Map ? row.get('name') : null))
  const first = takeRows(granted, search, rows, 0, 2)
  t.same([names(first.taken), first.used], [['a_acc', 'b_acc'], 3])
  const rest = takeRows(granted, search, rows, first.used, 5)
  t.same([names(rest.taken), rest.used], [['c_acc', 'd_acc'], 6])
  t.same(takeRows(granted, search, ['text', null, []], 0, 5), { taken: [], used: 3 }, 'what is no row is nobody’s')
  t.equal(
    printJson(pageMessage(granted.message, { token: 'next', size: 50 })),
    '{"max_results":50,"filter":"name LIKE \'%\'","page_token":"next"}',
  )
  t.equal(printJson(pageMessage(granted.message, { token: '', size: null })), '{"max_results":3,"filter":"name LIKE \'%\'"}')
  const other = grant(acc, 'searchModelVersions', { max_results: 9, filter: "name LIKE '%'" })
  t.equal(printJson(queryIdentity(granted)), printJson(queryIdentity(other)), 'size and token do not make another search')
  t.not(
    printJson(queryIdentity(granted)),
    printJson(queryIdentity(grant(acc, 'searchModelVersions', { filter: "name LIKE 'a%'" }))),
  )
})

t.test('a version in Production is no row for those who may not use it', async (t) => {
  const row = toJson({ name: 'risk_acc', version: '1', current_stage: 'Production' })
  for (const [caller, filter, count] of [
    [acc, "name = 'risk'", 0],
    [prod, "name = 'risk_acc'", 1],
    [prod, "name = 'risk'", 0],
  ] as const) {
    const granted = grant(caller, 'searchModelVersions', { filter })
    t.equal(
      granted.endpoint.search && takeRows(granted, granted.endpoint.search, [row], 0, 5).taken.length,
      count,
      `${caller.name} ${filter}`,
    )
  }
})

t.test('nothing is refused for the first time while a request is written', async (t) => {
  const value = '[{"name":"a\\u200bb"},{"name":"x_prod_acc"},{"name":"fraud_prod","version":1},3,{"name":"fraud","version":2}]'
  const granted = grant(acc, 'setLoggedModelTags', { model_id: model, tags: [{ key: 'mlflow.modelVersions', value }] })
  const kept = '[{"name": "fraud_acc", "version": 2}]'
  t.equal(printJson(upstreamMessage(granted).get('tags') ?? null), JSON.stringify([{ key: 'mlflow.modelVersions', value: kept }]))
})
