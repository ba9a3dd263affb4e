import t from 'tap'
import type { Environment } from '../../src/policy/environments/environment.ts'
import { upstreamMessage } from '../../src/rewrite/request/upstream-message.ts'
import { grantOf, judge, refusalOf, requestTo, verdictOf } from '../fakes/fake-fact-source.ts'
import {
  absentModel,
  absentRun,
  acc,
  config,
  inAcc,
  inPreprod,
  inProd,
  makeModel,
  makeRun,
  makeVersion,
  preprod,
  prod,
  strayTrace,
  tenancy,
} from '../fixtures/tenancy.ts'
import { showText } from '../harness/law.ts'

type Fields = Readonly<Record<string, unknown>>

function ask(caller: Environment, endpoint: string, fields: Fields, facts = tenancy) {
  return judge(config, caller, requestTo(endpoint, fields), facts)
}

function verdict(caller: Environment, endpoint: string, fields: Fields, facts = tenancy): string {
  return verdictOf(ask(caller, endpoint, fields, facts))
}

const [run1, run2] = [inAcc.run(1), inAcc.run(2)]
const [model1, model2] = [inAcc.model(1), inAcc.model(2)]

// biome-ignore format: a table
const transitions: [caller: Environment, name: string, version: string, stage: string, verdict: string][] = [
  [acc, 'fraud', '1', 'Staging', 'allow'], [acc, 'fraud', '2', 'None', 'allow'], [acc, 'fraud', '2', 'Archived', 'allow'], [acc, 'fraud_acc', '3', 'Staging', 'allow'],
  [acc, 'fraud', '2', 'sTaGiNg', 'allow'], [acc, 'fraud', '2', 'Production', 'stage'], [acc, 'fraud', '2', 'pRoDuCtIoN', 'stage'], [acc, 'fraud', '2', 'Prod', 'invalid-parameter'],
  [acc, 'fraud', '2', ' Staging', 'invalid-parameter'], [acc, 'fraud', '9', 'Staging', 'not-found'], [acc, 'nothing', '1', 'Staging', 'not-found'],
  [acc, 'risk', '1', 'Archived', 'production-version'], [acc, 'risk', '1', 'None', 'production-version'], [acc, 'risk', '1', 'Production', 'production-version'],
  [acc, 'fraud_prod', '1', 'Archived', 'foreign-name'], [acc, 'fraud_preprod', '2', 'Staging', 'foreign-name'],
  [preprod, 'fraud', '2', 'Production', 'stage'], [preprod, 'fraud', '2', 'None', 'allow'],
  [prod, 'fraud', '1', 'Archived', 'allow'], [prod, 'fraud', '2', 'Production', 'allow'], [prod, 'fraud', '3', 'None', 'allow'],
  [prod, 'fraud_acc', '2', 'Production', 'allow'], [prod, 'fraud_acc', '2', 'production', 'allow'], [prod, 'fraud_acc', '1', 'Production', 'read-only'], [prod, 'fraud_acc', '3', 'Production', 'read-only'],
  [prod, 'fraud_acc', '2', 'Archived', 'read-only'], [prod, 'fraud_acc', '2', 'None', 'read-only'], [prod, 'risk_acc', '1', 'Archived', 'read-only'], [prod, 'fraud_preprod', '2', 'Production', 'foreign-name'],
]

t.test('who may move which version into which stage', async (t) => {
  for (const [caller, name, version, stage, expected] of transitions) {
    const fields = { name, version, stage }
    t.equal(
      verdict(caller, 'transitionModelVersionStage', fields),
      expected,
      `${caller.name}: ${name}/${version} to ${showText(stage)}`,
    )
  }
  const archiving = { archive_existing_versions: true }
  t.equal(
    verdict(acc, 'transitionModelVersionStage', { name: 'fraud', version: '1', stage: 'Staging', ...archiving }),
    'allow',
    'own Staging versions may be archived',
  )
  t.equal(
    verdict(prod, 'transitionModelVersionStage', { name: 'fraud', version: '2', stage: 'Production', ...archiving }),
    'allow',
    'own Production versions too, by production',
  )
  t.equal(
    verdict(prod, 'transitionModelVersionStage', { name: 'fraud_acc', version: '2', stage: 'Production', ...archiving }),
    'read-only',
    'but none of another environment',
  )
  t.equal(
    verdict(acc, 'transitionModelVersionStage', { name: 'fraud', version: '1', stage: 'archived', ...archiving }),
    'invalid-parameter',
    'nor those of a stage in which MLflow archives none',
  )
})

const change = { name: 'risk', version: '1' }
// biome-ignore format: a table
const productionDoors: [endpoint: string, fields: Fields][] = [
  ['updateModelVersion', change], ['deleteModelVersion', change], ['setModelVersionTag', { ...change, key: 'a', value: 'b' }], ['deleteModelVersionTag', { ...change, key: 'a' }],
  ['getModelVersionDownloadUri', change], ['setRegisteredModelAlias', { ...change, alias: 'x' }], ['setRegisteredModelAlias', { name: 'risk', version: '2', alias: 'live' }],
  ['deleteRegisteredModelAlias', { name: 'risk', alias: 'live' }], ['deleteRegisteredModel', { name: 'risk' }], ['renameRegisteredModel', { name: 'risk', new_name: 'other' }],
  ['createModelVersion', { name: 'fraud', source: 'models:/risk/1' }], ['createModelVersion', { name: 'fraud', source: 'models:/risk/Production' }],
  ['createModelVersion', { name: 'fraud', source: 'models:/risk/latest' }], ['createModelVersion', { name: 'fraud', source: 'models:/risk@live' }],
]

t.test('a version in Production is closed to whoever may not manage it, through every door', async (t) => {
  for (const [endpoint, fields] of productionDoors) {
    t.equal(verdict(acc, endpoint, fields), 'production-version', `${endpoint} ${JSON.stringify(fields)}`)
  }
  const own = { name: 'fraud', version: '1' }
  t.equal(verdict(prod, 'updateModelVersion', own), 'allow', 'production may')
  t.equal(verdict(prod, 'deleteModelVersion', own), 'allow', 'production may delete')
  t.equal(verdict(prod, 'deleteRegisteredModel', { name: 'fraud' }), 'allow')
  t.equal(
    verdict(prod, 'getModelVersionDownloadUri', { name: 'risk_acc', version: '1' }),
    'allow',
    'and retrieve what it promotes from',
  )
  t.equal(verdict(acc, 'getModelVersion', change), 'allow', 'whether a version that is only shown may be seen, its answer says')
  t.equal(
    verdict(acc, 'updateRegisteredModel', { name: 'risk', description: 'x' }),
    'allow',
    'what is said of the model itself is not its versions',
  )
})

// biome-ignore format: a table
const aliases: [caller: Environment, endpoint: string, fields: Fields, verdict: string][] = [
  [acc, 'setRegisteredModelAlias', { name: 'fraud', alias: 'champion', version: '1' }, 'allow'], [acc, 'setRegisteredModelAlias', { name: 'fraud', alias: 'production', version: '1' }, 'stage'],
  [acc, 'setRegisteredModelAlias', { name: 'fraud', alias: 'ProDuction', version: '1' }, 'stage'], [acc, 'setRegisteredModelAlias', { name: 'fraud', alias: '\uff30roduction', version: '1' }, 'stage'],
  [acc, 'setRegisteredModelAlias', { name: 'fraud', alias: 'x', version: '9' }, 'not-found'], [acc, 'setRegisteredModelAlias', { name: 'fraud', alias: 'x', version: '01' }, 'invalid-parameter'],
  [acc, 'deleteRegisteredModelAlias', { name: 'fraud', alias: 'champion' }, 'allow'], [acc, 'deleteRegisteredModelAlias', { name: 'fraud', alias: 'production' }, 'stage'],
  [acc, 'getModelVersionByAlias', { name: 'fraud', alias: 'production' }, 'allow'], [acc, 'getModelVersionByAlias', { name: 'fraud_prod', alias: 'champion' }, 'foreign-name'],
  [prod, 'setRegisteredModelAlias', { name: 'fraud', alias: 'production', version: '1' }, 'allow'], [prod, 'deleteRegisteredModelAlias', { name: 'fraud', alias: 'champion' }, 'allow'],
  [prod, 'getModelVersionByAlias', { name: 'fraud_acc', alias: 'champion' }, 'allow'], [prod, 'setRegisteredModelAlias', { name: 'fraud_acc', alias: 'x', version: '2' }, 'read-only'],
  [prod, 'deleteRegisteredModelAlias', { name: 'fraud_acc', alias: 'champion' }, 'read-only'],
]

t.test('aliases follow the same matrix', async (t) => {
  for (const [caller, endpoint, fields, expected] of aliases)
    t.equal(verdict(caller, endpoint, fields), expected, `${caller.name}: ${endpoint} ${showText(JSON.stringify(fields))}`)
})

const store = (path: string) => `mlflow-artifacts:/${path}`
const [exp, otherExp] = [inAcc.experiment, inProd.experiment]
// biome-ignore format: a table
const sources: [source: string, verdict: string, fields?: Fields][] = [
  ['models:/fraud/2', 'allow'], ['models:/fraud_acc/2', 'allow'], ['models:/fraud/staging', 'allow'], ['models:/fraud@champion', 'allow'], ['models:/fraud/9', 'not-found'], ['models:/nothing/1', 'not-found'],
  ['models:/fraud@nobody', 'invalid-parameter'], ['models:/fraud/Live', 'invalid-parameter'], ['models:/fraud/02', 'invalid-parameter'], ['models:/fraud', 'invalid-parameter'], ['models:/', 'invalid-parameter'],
  ['models:///fraud/1', 'invalid-parameter'], ['models://fraud/1', 'invalid-parameter'], ['models:fraud/1', 'invalid-parameter'], ['models:/fraud/1/', 'invalid-parameter'], ['models:/fraud/1/x', 'invalid-parameter'],
  ['models:/fraud_prod/1', 'foreign-name'], ['models:/fraud_prod/latest', 'foreign-name'], ['models:/fraud_prod@champion', 'foreign-name'], ['models:/fraud_prod/9', 'foreign-name'],
  ['MODELS:/fraud_prod/1', 'foreign-source'], ['Models:/fraud/1', 'foreign-source'], ['models:/legacy/1', 'not-found'], ['models:/x_prod_acc/1', 'invalid-parameter'],
  ['models:/fraud%5fprod/1', 'invalid-parameter'], ['models:/fraud/../fraud_prod/1', 'invalid-parameter'], ['models:/fraud_prod/1?x=1', 'invalid-parameter'], ['models:/fraud_prod/1#x', 'invalid-parameter'],
  [`models:/${model1}`, 'allow'], [`models:/${inProd.model(1)}`, 'not-found'], [`models:/${absentModel}`, 'not-found'], [`models:/${model1}/1`, 'foreign-source'], [`models:/${model1}/`, 'foreign-source'],
  [`models:/${model1.toUpperCase()}`, 'invalid-parameter'], [`models:/m-${'5'.repeat(32)}`, 'not-found'],
  [`runs:/${run1}/model`, 'allow'], [`runs:/${run1}`, 'allow'], [`runs:/${inProd.run(1)}/model`, 'not-found'], [`runs:/${absentRun}/model`, 'not-found'], [`runs:///${run1}/model`, 'foreign-source'],
  [`runs:/${inProd.run(1)}/model`, 'not-found', { run_id: inProd.run(1) }], [`runs:/${run1}/../${inProd.run(1)}/model`, 'invalid-parameter'], [`RUNS:/${run1}/model`, 'foreign-source'], ['runs:/', 'foreign-source'],
  [`runs:/A${run1.slice(1)}/model`, 'invalid-parameter'], ['runs:/not-an-id/model', 'allow'], [`runs:/${run1.slice(1)}%31/model`, 'invalid-parameter'],
  [store(`${exp}/${run1}/artifacts/model`), 'allow'], [store(`${exp}/${run1}/artifacts/model/`), 'allow'], [store(`${exp}/${run1}/artifacts`), 'allow'], [store(`${exp}/models/${model1}/artifacts`), 'allow'],
  [store(`${exp}/${run1}/artifacts/model`), 'allow', { run_id: run1 }], [store(`${exp}/${run1}/artifacts/model`), 'invalid-parameter', { run_id: run2 }], [`models:/fraud/2`, 'invalid-parameter', { run_id: run1 }],
  [store(`${otherExp}/${inProd.run(1)}/artifacts/model`), 'not-found'], [store(`${otherExp}/${inProd.run(1)}/artifacts/model`), 'not-found', { run_id: inProd.run(1) }], [store(`${exp}/${inProd.run(1)}/artifacts/m`), 'not-found'],
  [store(`${otherExp}/${run1}/artifacts/model`), 'foreign-source'], [store(`${otherExp}/models/${inProd.model(1)}/artifacts`), 'not-found'], [store(`${otherExp}/models/${model1}/artifacts`), 'foreign-source'],
  [store(`${exp}/${absentRun}/artifacts/m`), 'not-found'], [store(exp), 'foreign-source'], [store(`${exp}/${run1}`), 'foreign-source'], [store(`${exp}/`), 'foreign-source'], ['mlflow-artifacts:/', 'foreign-source'],
  [store(`${exp}/traces/tr-${absentRun}/artifacts/x`), 'foreign-source'], [store(`0${exp}/${run1}/artifacts/m`), 'foreign-source'], [store(`${exp}/${run1}/artifacts/../../../${otherExp}`), 'invalid-parameter'],
  [store(`${exp}/${run1}/artifacts/%2e%2e/x`), 'invalid-parameter'], [store(`${exp}/${run1}/artifacts/%252e%252e/x`), 'invalid-parameter'], [store(`/${exp}/${run1}/artifacts/m`), 'foreign-source'],
  [`mlflow-artifacts://host/${exp}/${run1}/artifacts/m`, 'foreign-source'], [`mlflow-artifacts:${exp}/${run1}/artifacts/m`, 'foreign-source'], [`MLFLOW-artifacts:/${exp}/${run1}/artifacts/m`, 'foreign-source'],
  ['s3://acc-bucket/models/x', 'allow'], ['s3://acc-bucket/models/x', 'allow', { run_id: run1 }], ['s3://acc-bucket/modelsx', 'foreign-source'], ['s3://acc-bucket/models', 'foreign-source'], ['S3://acc-bucket/models/x', 'foreign-source'],
  ['s3://acc-bucket/models/../../prod-bucket/x', 'invalid-parameter'], ['s3://acc-bucket/models//x', 'invalid-parameter'], ['s3://acc-bucket/models/%2e%2e/x', 'invalid-parameter'], ['s3://acc-bucket/models/x%41', 'invalid-parameter'],
  ['s3://acc-bucket/models/x?versionId=1', 'invalid-parameter'], ['s3://acc-bucket/models/x#/../y', 'invalid-parameter'], ['s3://acc-bucket/models\\..\\x', 'invalid-parameter'], ['s3://prod-bucket/models/x', 'foreign-source'],
  ['s3://', 'foreign-source'], ['dbfs:/databricks/mlflow-tracking/1/x', 'foreign-source'], ['file:///etc/passwd', 'local-source'], ['/etc/passwd', 'local-source'], ['../x', 'invalid-parameter'], ['relative', 'local-source'],
  ['http://169.254.169.254/latest', 'foreign-source'], ['https://example.com/m', 'foreign-source'], ['HTTPS://example.com/m', 'foreign-source'], ['ftp://x/y', 'foreign-source'], ['hdfs:/x', 'foreign-source'], [' s3://acc-bucket/models/x', 'invalid-parameter'],
  ['s3://acc-bucket/models/x\n', 'invalid-parameter'], ['abfss://c@acc.dfs.core.windows.net/x', 'foreign-source'],
]

t.test('the source of a model version lies in the caller’s own environment, however it is written', async (t) => {
  for (const [source, expected, fields = {}] of sources) {
    t.equal(
      verdict(acc, 'createModelVersion', { name: 'fraud', source, ...fields }),
      expected,
      `${showText(source)} ${JSON.stringify(fields)}`,
    )
  }
})

t.test('a run whose artifacts the clients store themselves vouches for what lies in it, and for nothing else', async (t) => {
  const artifactUri = '/mnt/mlruns/11/run/artifacts'
  const facts = { ...tenancy, runs: [...tenancy.runs.filter(({ id }) => id !== run1), { ...makeRun(run1, exp), artifactUri }] }
  const from = (source: string, run_id: string) => verdict(acc, 'createModelVersion', { name: 'fraud', source, run_id }, facts)
  t.equal(from(`${artifactUri}/model`, run1), 'allow')
  t.equal(from(artifactUri, run1), 'allow', 'all of it')
  t.equal(from(`file://${artifactUri}/model`, run1), 'allow', 'the same place as a URI')
  t.equal(from(`file://host${artifactUri}/model`, run1), 'local-source')
  t.equal(from(`file://localhost${artifactUri}/model`, run1), 'local-source')
  t.equal(from(`/${artifactUri}/model`, run1), 'local-source', 'two slashes begin a host')
  t.equal(from('/mnt/mlruns/11/run', run1), 'local-source', 'not what is above it')
  for (const inside of ['/.', '/model/..', '/a/./b', '/a/../b/', '/./model']) {
    t.equal(from(`${artifactUri}${inside}`, run1), 'allow', `${inside} is read as MLflow's server reads it`)
    t.equal(from(`file://${artifactUri}${inside}`, run1), 'allow', `so it is in a URI: ${inside}`)
  }
  for (const outside of ['/../../other/artifacts', '/..', '/model/../..', '/../artifactsx', '/../../../../../etc']) {
    t.equal(from(`${artifactUri}${outside}`, run1), 'local-source', `${outside} leads elsewhere`)
    t.equal(from(`file://${artifactUri}${outside}`, run1), 'local-source', `and in a URI: ${outside}`)
  }
  for (const unclear of ['/%2e%2e/other', '/model//..', '/..;/x', '/a\\..\\..']) {
    t.not(from(`${artifactUri}${unclear}`, run1), 'allow', `${unclear} is not read at all`)
  }
  const resolved = ask(acc, 'createModelVersion', { name: 'fraud', source: `${artifactUri}/a/../model/.`, run_id: run1 }, facts)
  t.equal(upstreamMessage(grantOf(resolved)).get('source'), `${artifactUri}/model`, 'what was judged is what is sent')
  t.equal(from(`${artifactUri}x/model`, run1), 'local-source')
  t.equal(from(`${artifactUri}/model`, run2), 'local-source', 'another run does not')
  const silent = { ...tenancy, runs: [{ ...makeRun(run1, exp), artifactUri: '' }] }
  t.equal(verdict(acc, 'createModelVersion', { name: 'fraud', source: '/etc/passwd', run_id: run1 }, silent), 'local-source')
})

t.test('a logged model whose artifacts the clients store themselves vouches for what lies in it', async (t) => {
  const artifactUri = `file:///mnt/mlruns/${exp}/models/${model1}/artifacts`
  const facts = { ...tenancy, loggedModels: [{ ...makeModel(model1, exp, run1), artifactUri }, ...tenancy.loggedModels] }
  const of = (source: string, more: Fields) => ask(acc, 'createModelVersion', { name: 'fraud', source, ...more }, facts)
  t.equal(grantOf(of(artifactUri, { model_id: model1 })).context.sourceRunId, run1)
  t.equal(verdictOf(of(`${artifactUri.slice('file://'.length)}/a`, { model_id: model1 })), 'allow')
  t.equal(verdictOf(of(artifactUri, {})), 'local-source', 'when it is named')
  t.equal(verdictOf(of(`${artifactUri}x`, { model_id: model1 })), 'local-source')
  t.equal(verdictOf(of(artifactUri, { model_id: model1, run_id: run2 })), 'invalid-parameter', 'and no other run is')
  t.equal(verdictOf(of(artifactUri, { model_id: inProd.model(1) })), 'not-found')
})

t.test('a version of a prompt has a placeholder for its source, and nothing else has', async (t) => {
  const create = (source: string, ...values: string[]) => {
    const tags = values.map((value) => ({ key: 'mlflow.prompt.is_prompt', value }))
    return verdict(acc, 'createModelVersion', { name: 'greeting', source, tags: [{ key: 'a', value: 'b' }, ...tags] })
  }
  t.equal(create('dummy-source', 'true'), 'allow')
  t.equal(create('prompt-template', 'True'), 'allow')
  t.equal(create('dummy-source'), 'local-source')
  t.equal(create('dummy-source', 'false'), 'local-source')
  t.equal(create('dummy-source', 'false', 'true'), 'local-source', 'versions of MLflow disagree about two tags')
  for (const source of [
    'dummy-source/',
    'dummy-source/x',
    'Dummy-source',
    '/dummy-source',
    'dummy',
    '/etc',
    'file:///etc',
    'etc/passwd',
  ]) {
    t.equal(create(source, 'true'), 'local-source', source)
  }
  t.equal(create('s3://other/x', 'true'), 'foreign-source')
})

t.test('the history of a metric in several runs has MLflow’s limits, in its words', async (t) => {
  const says = (endpoint: string, fields: Fields) => refusalOf(ask(acc, endpoint, fields))?.message ?? 'allowed'
  const [bulk, interval] = ['getMetricHistoryBulk', 'getMetricHistoryBulkInterval']
  const many = Array.from({ length: 101 }, (_, i) => `id_${i}`)
  t.match(says(bulk, { metric_key: 'a' }), 'GetMetricHistoryBulk request must specify at least one run_id')
  t.match(says(bulk, { run_id: [], metric_key: 'a' }), 'GetMetricHistoryBulk request must specify at least one run_id')
  t.match(says(bulk, { run_id: many, metric_key: 'a' }), 'GetMetricHistoryBulk request cannot specify more than 100 run_ids')
  t.match(says(bulk, { run_id: ['123'] }), 'GetMetricHistoryBulk request must specify a metric_key')
  t.match(says(bulk, { run_id: ['123'], metric_key: 'a' }), 'Run with id=123 not found')
  t.match(says(interval, { run_ids: many, metric_key: 'a' }), 'must specify at most 100 run_ids')
  const one = { run_ids: ['123'], metric_key: 'a' }
  t.match(says(interval, { ...one, max_results: 0 }), 'max_results must be between 1 and 2500')
  t.match(says(interval, { ...one, max_results: 2501 }), 'max_results must be between 1 and 2500')
  t.match(says(interval, { ...one, start_step: 1, end_step: 0 }), 'end_step must be greater than start_step.')
  t.match(says(interval, { ...one, start_step: 1 }), 'If either start step or end step are specified, both must be specified.')
  t.match(says(interval, { ...one, start_step: 1, end_step: 1, max_results: 2500 }), 'Run with id=123 not found')
  t.equal(verdict(acc, interval, { run_ids: [run1], metric_key: 'a', start_step: 0, end_step: 4 }), 'allow')
})

t.test('a web address is no source, whatever lies there', async (t) => {
  const artifactUri = `https://mlflow/api/2.0/mlflow-artifacts/artifacts/${exp}/${run1}/artifacts`
  const facts = { ...tenancy, runs: [{ ...makeRun(run1, exp), artifactUri }] }
  const judged = ask(acc, 'createModelVersion', { name: 'fraud', source: `${artifactUri}/model`, run_id: run1 }, facts)
  t.same([verdictOf(judged), judged.questions.length], ['foreign-source', 0])
})

t.test('a new version is noted with the run that it is made of', async (t) => {
  const runOf = (source: string, fields: Fields = {}) =>
    grantOf(ask(acc, 'createModelVersion', { name: 'fraud', source, ...fields })).context.sourceRunId
  t.equal(runOf('models:/fraud/2'), run2, 'a copy')
  t.equal(runOf(`runs:/${run1}/m`), run1)
  t.equal(runOf(store(`${exp}/${run1}/artifacts/m`)), run1)
  t.equal(runOf('runs:/not-an-id/model'), null)
  t.equal(runOf('s3://acc-bucket/models/x'), null)
  const facts = { ...tenancy, loggedModels: [makeModel(model1, exp, run1)] }
  t.equal(
    grantOf(ask(acc, 'createModelVersion', { name: 'fraud', source: `models:/${model1}` }, facts)).context.sourceRunId,
    run1,
    'a logged model',
  )
})

// biome-ignore format: a table
const paths: [path: string, read: string, write: string][] = [
  [`${exp}/${run1}/artifacts/x`, 'allow', 'allow'], [`${exp}/${run1}/artifacts`, 'allow', 'allow'], [`${exp}/${run1}`, 'allow', 'read-only'], [exp, 'allow', 'read-only'], [`${exp}/`, 'allow', 'read-only'],
  [`${exp}/models/${model1}/artifacts/MLmodel`, 'allow', 'allow'], [`${exp}/models/${model1}`, 'allow', 'read-only'], [`${exp}/models`, 'allow', 'read-only'], [`${exp}/other/x`, 'allow', 'read-only'],
  ['0', 'allow', 'read-only'], [`${inAcc.defaultExperiment}/x`, 'allow', 'read-only'], ['5', 'not-found', 'not-found'], ['987', 'not-found', 'not-found'], ['', 'refused', 'refused'], ['/', 'not-found', 'not-found'],
  [otherExp, 'not-found', 'not-found'], [`${otherExp}/${inProd.run(1)}/artifacts/x`, 'not-found', 'not-found'], [`${otherExp}/${run1}/artifacts/x`, 'not-found', 'not-found'], [`${exp}/${inProd.run(1)}/artifacts/x`, 'not-found', 'not-found'],
  [`%33%31/${inProd.run(1)}/artifacts/x`, 'not-found', 'not-found'], [`%2533%2531/${inProd.run(1)}/artifacts/x`, 'not-found', 'not-found'], [`%252533%252531/${inProd.run(1)}/artifacts`, 'not-found', 'not-found'],
  [`%31%31/${run1}/artifacts/x`, 'allow', 'allow'], [`${exp}%2F${run1}/artifacts/x`, 'allow', 'allow'], [`${otherExp}%2f${inProd.run(1)}/artifacts`, 'not-found', 'not-found'],
  [`${exp}/../${otherExp}/x`, 'invalid-parameter', 'invalid-parameter'], [`${exp}/%2e%2e/${otherExp}`, 'invalid-parameter', 'invalid-parameter'], [`${exp}/%252e%252e/${otherExp}`, 'invalid-parameter', 'invalid-parameter'], ['..', 'invalid-parameter', 'invalid-parameter'], ['.', 'invalid-parameter', 'invalid-parameter'],
  [`./${otherExp}`, 'invalid-parameter', 'invalid-parameter'], [`%2e/${otherExp}`, 'invalid-parameter', 'invalid-parameter'], [`/${otherExp}`, 'invalid-parameter', 'invalid-parameter'], [`${exp}//x`, 'invalid-parameter', 'invalid-parameter'], [`${exp}\\..\\${otherExp}`, 'invalid-parameter', 'invalid-parameter'],
  [`${exp}/%5c`, 'invalid-parameter', 'invalid-parameter'], [`${exp}/%00`, 'invalid-parameter', 'invalid-parameter'], [`${exp}/%ff`, 'allow', 'read-only'], [`%c0%b1${exp}/x`, 'not-found', 'not-found'], [`${exp}/${run1}/artifacts/a%17%1d`, 'invalid-parameter', 'invalid-parameter'], [`${exp}/${run1}/artifacts/.%2517./a%17`, 'allow', 'allow'], [`${exp}/a%0ab`, 'invalid-parameter', 'invalid-parameter'],
  [`0${exp}/x`, 'not-found', 'not-found'], [`+${exp}/x`, 'not-found', 'not-found'], [` ${exp}/x`, 'not-found', 'not-found'], ['\uff11\uff11/x', 'not-found', 'not-found'], ['1_1/x', 'not-found', 'not-found'], ['11.0/x', 'not-found', 'not-found'],
  [`${exp}/${inAcc.run(3)}/artifacts/x`, 'allow', 'not-found'], [`${inAcc.frozenExperiment}/${inAcc.run(3)}/artifacts/x`, 'allow', 'frozen'], [`${inAcc.frozenExperiment}/models/${inAcc.model(3)}/artifacts/x`, 'allow', 'frozen'],
]

/** Those whose first part is the id of no experiment, in whatever spelling. */
const inNoExperiment: ReadonlySet<string> = new Set([
  ...['/', `%c0%b1${exp}/x`, `0${exp}/x`, `+${exp}/x`, ` ${exp}/x`, '\uff11\uff11/x', '1_1/x', '11.0/x'],
])

t.test('a path in the artifact store is judged as MLflow would open it', async (t) => {
  for (const [path, read, write] of paths) {
    const refused = path === '' ? 'invalid-parameter' : ''
    const expect = (word: string) => (word === 'refused' ? refused : word)
    // Where a run lies in another experiment than its path says, there is nothing to read either
    const readAs = path.startsWith(`${exp}/${inAcc.run(3)}`) ? 'not-found' : expect(read)
    t.equal(verdict(acc, 'downloadArtifact', { artifact_path: path }), readAs, `read ${showText(path)}`)
    t.equal(verdict(acc, 'listStoredArtifacts', { path }), path === '' ? 'read-only' : readAs, `list ${showText(path)}`)
    for (const endpoint of ['uploadArtifact', 'deleteArtifact']) {
      t.equal(verdict(acc, endpoint, { artifact_path: path }), expect(write), `${endpoint} ${showText(path)}`)
    }
    const part = { artifact_path: path, path: 'file', upload_id: 'x', num_parts: 1, parts: [] }
    for (const endpoint of ['completeMultipartUpload', 'abortMultipartUpload']) {
      t.equal(verdict(acc, endpoint, part), expect(write), `${endpoint} ${showText(path)}`)
    }
    // Clients of 2.9 leave experiment and run out: then the file is to come as one.
    const begun = inNoExperiment.has(path) ? 'no-multipart' : expect(write)
    t.equal(verdict(acc, 'createMultipartUpload', part), begun, `createMultipartUpload ${showText(path)}`)
  }
  t.equal(verdict(acc, 'listStoredArtifacts', {}), 'read-only', 'the root of the store belongs to nobody')
  t.equal(verdict(prod, 'listStoredArtifacts', {}), 'read-only')
})

t.test('paths within a run do not leave it', async (t) => {
  for (const path of ['..', '../x', 'a/../../x', '/etc', '%2e%2e/x', '%252e%252e%252fx', 'a//b', 'a\\b', './a']) {
    t.equal(verdict(acc, 'listArtifacts', { run_id: run1, path }), 'invalid-parameter', path)
    t.equal(
      verdict(acc, 'listLoggedModelArtifacts', { model_id: model1, artifact_directory_path: path }),
      'invalid-parameter',
      path,
    )
    t.equal(ask(acc, 'listArtifacts', { run_id: run1, path }).questions.length, 0, `${path}: without a question`)
  }
  for (const path of ['', 'model', 'model/', 'a b/c%20d', '100%', 'x;y', '…'])
    t.equal(verdict(acc, 'listArtifacts', { run_id: run1, path }), 'allow', path)
})

const pair = (key: string, value: string) => [{ key, value }]
// biome-ignore format: a table
const tags: [key: string, value: string, verdict: string][] = [
  ['mlflow.parentRunId', run1, 'allow'], ['mlflow.parentRunId', inProd.run(1), 'not-found'], ['mlflow.parentRunId', absentRun, 'not-found'], ['mlflow.parentRunId', 'no id', 'allow'], ['mlflow.parentRunId', '', 'allow'],
  ['mlflow.parentRunId', ` ${inProd.run(1)}`, 'invalid-parameter'], ['mlflow.parentRunId', `${inProd.run(1).slice(0, 9)}\u200b${inProd.run(1).slice(9)}`, 'invalid-parameter'], ['mlflow.parentRunId', `AB${run1.slice(2)}`, 'invalid-parameter'],
  ['mlflow.rootRunId', inProd.run(1), 'not-found'], ['mlflow.modelId', inProd.model(1), 'not-found'], ['mlflow.modelId', model1, 'allow'], ['mlflow.user', inProd.run(1), 'allow'], ['note', inProd.run(1), 'allow'],
  ['mlflow.log-model.history', JSON.stringify([{ run_id: run1, model_uuid: absentRun }]), 'allow'], ['mlflow.log-model.history', JSON.stringify([{ run_id: inProd.run(1) }]), 'not-found'],
  ['mlflow.log-model.history', JSON.stringify([{ flavors: { deep: [{ model_id: inProd.model(1) }] } }]), 'not-found'], ['mlflow.log-model.history', JSON.stringify([{ run_id: run1, artifact_path: inProd.run(1), hashes: [absentRun] }]), 'allow'],
  ['mlflow.log-model.history', 'not json', 'malformed'], ['mlflow.log-model.history', '', 'allow'], ['mlflow.log-model.history', `[{"run_id":"${run1}","run_id":"${inProd.run(1)}"}]`, 'malformed'],
  ['mlflow-env-proxy.pendingStage', 'Production', 'invalid-parameter'], ['MLFLOW-ENV-PROXY.PENDINGSTAGE', 'Production', 'invalid-parameter'], ['mlflow-env-proxy.pendingStage ', 'Production', 'invalid-parameter'],
]

t.test('tags that point at runs and models are references; other tags are text', async (t) => {
  for (const [key, value, expected] of tags) {
    const say = `${showText(key)} = ${showText(value)}`
    t.equal(verdict(acc, 'setTag', { run_id: run1, key, value }), expected, `setTag ${say}`)
    t.equal(verdict(acc, 'createRun', { experiment_id: exp, tags: pair(key, value) }), expected, `createRun ${say}`)
    t.equal(
      verdict(acc, 'logBatch', { run_id: run1, tags: [...pair('a', 'b'), ...pair(key, value)] }),
      expected,
      `logBatch ${say}`,
    )
    t.equal(
      verdict(acc, 'createModelVersion', { name: 'fraud', source: 'models:/fraud/2', tags: pair(key, value) }),
      expected,
      `createModelVersion ${say}`,
    )
    t.equal(
      verdict(acc, 'setModelVersionTag', { name: 'fraud', version: '1', key, value }),
      expected,
      `setModelVersionTag ${say}`,
    )
    t.equal(
      verdict(acc, 'createLoggedModel', { experiment_id: exp, tags: pair(key, value) }),
      expected,
      `createLoggedModel ${say}`,
    )
    t.equal(
      verdict(acc, 'setLoggedModelTags', { model_id: model1, tags: pair(key, value) }),
      expected,
      `setLoggedModelTags ${say}`,
    )
  }
  t.equal(
    verdict(acc, 'deleteModelVersionTag', { name: 'fraud', version: '1', key: 'mlflow-env-proxy.pendingStage' }),
    'invalid-parameter',
    'the proxy’s own note stays',
  )
  t.equal(verdict(acc, 'deleteModelVersionTag', { name: 'fraud', version: '1', key: 'mlflow.log-model.history' }), 'allow')
})

t.test('a model that a client of MLflow 2 logs is its own, though its uuid looks like a run', async (t) => {
  const model_json = JSON.stringify({
    run_id: run1,
    artifact_path: 'model',
    utc_time_created: 'now',
    model_uuid: absentRun,
    flavors: { python_function: {} },
  })
  t.equal(verdict(acc, 'logModel', { run_id: run1, model_json }), 'allow')
  t.equal(verdict(acc, 'logModel', { run_id: run1, model_json: model_json.replace(run1, inProd.run(1)) }), 'not-found')
  t.equal(verdict(acc, 'logModel', { run_id: run1, model_json: '{' }), 'malformed')
})

t.test('a metric of a logged model is a change of it, and its owner’s alone', async (t) => {
  for (const [model_id, expected] of [
    [model1, 'allow'],
    ['', 'allow'],
    [inProd.model(1), 'not-found'],
    [absentModel, 'not-found'],
    [inAcc.model(3), 'frozen'],
  ] as const) {
    t.equal(
      verdict(acc, 'logMetric', { run_id: run1, key: 'a', value: 1, timestamp: 1, model_id }),
      expected,
      `logMetric ${model_id}`,
    )
    t.equal(verdict(acc, 'logBatch', { run_id: run1, metrics: [{ key: 'a', model_id }] }), expected, `logBatch ${model_id}`)
  }
  t.equal(
    verdict(prod, 'logMetric', { run_id: inProd.run(1), key: 'a', model_id: model2 }),
    'not-found',
    'not a promoter’s either',
  )
  t.equal(verdict(prod, 'logInputs', { run_id: inProd.run(1), models: [{ model_id: model2 }] }), 'allow', 'who may point at it')
})

t.test('experiment 0 is the environment’s own default experiment, in every request', async (t) => {
  for (const endpoint of ['getExperiment', 'restoreExperiment', 'deleteExperiment', 'setExperimentTag']) {
    const grant = grantOf(ask(acc, endpoint, { experiment_id: '0', key: 'a', value: 'b' }))
    t.same([...grant.context.visibleExperiments], [inAcc.defaultExperiment], endpoint)
    t.equal(grant.context.defaultExperimentId, inAcc.defaultExperiment)
  }
  t.same(
    [...grantOf(ask(prod, 'searchRuns', { experiment_ids: ['0', otherExp, exp, '987', '5'] })).context.visibleExperiments],
    [inProd.defaultExperiment, otherExp],
  )
  t.equal(verdict(acc, 'updateExperiment', { experiment_id: '0', new_name: 'other' }), 'invalid-parameter', 'it keeps its name')
  t.equal(
    verdict(acc, 'updateExperiment', { experiment_id: inAcc.defaultExperiment, new_name: 'other' }),
    'invalid-parameter',
    'by its real id too',
  )
  for (const id of ['00', ' 0', '01', '+1', '1.0', '1_1', '\uff11', '1e1', '-1', '9223372036854775808', 'a', '']) {
    t.equal(verdict(acc, 'getExperiment', { experiment_id: id }), 'invalid-parameter', `not an id: ${showText(id)}`)
    t.equal(ask(acc, 'searchRuns', { experiment_ids: [id] }).questions.length, 0, 'refused without a question')
  }
})

t.test('an experiment is renamed within its environment', async (t) => {
  const rename = (new_name: string, experiment_id = exp) => verdict(acc, 'updateExperiment', { experiment_id, new_name })
  t.same(
    ['other', '/other', '/experiments/acc/other', ''].map((name) => rename(name)),
    ['allow', 'allow', 'allow', 'allow'],
  )
  t.same(
    ['/experiments/prod/other', 'experiments/prod/other'].map((name) => rename(name)),
    ['foreign-name', 'foreign-name'],
  )
  t.same(
    ['/experiments/acc/../prod/x', '/experiments/prod', ' x'].map((name) => rename(name)),
    ['invalid-parameter', 'invalid-parameter', 'invalid-parameter'],
  )
  t.equal(rename('other', otherExp), 'not-found')
})

t.test('what a version in production is made of is frozen for the environment that it came from', async (t) => {
  const frozenRun = inAcc.run(3)
  const frozenModel = inAcc.model(3)
  const attempts: [string, Fields][] = [
    ['logMetric', { run_id: frozenRun, key: 'a' }],
    ['logParam', { run_id: frozenRun, key: 'a', value: 'b' }],
    ['setTag', { run_id: frozenRun, key: 'a', value: 'b' }],
    ['deleteTag', { run_id: frozenRun, key: 'a' }],
    ['logBatch', { run_id: frozenRun }],
    ['updateRun', { run_id: frozenRun, status: 'FAILED' }],
    ['deleteRun', { run_id: frozenRun }],
    ['restoreRun', { run_id: frozenRun }],
    ['logInputs', { run_id: frozenRun }],
    ['logOutputs', { run_id: frozenRun }],
    ['logModel', { run_id: frozenRun, model_json: '{}' }],
    ['deleteLoggedModel', { model_id: frozenModel }],
    ['finalizeLoggedModel', { model_id: frozenModel }],
    ['setLoggedModelTags', { model_id: frozenModel, tags: pair('a', 'b') }],
    ['deleteLoggedModelTag', { model_id: frozenModel, tag_key: 'a' }],
    ['logLoggedModelParams', { model_id: frozenModel }],
    ['deleteExperiment', { experiment_id: inAcc.frozenExperiment }],
    ['createLoggedModel', { experiment_id: exp, source_run_id: frozenRun }],
  ]
  for (const [endpoint, fields] of attempts) t.equal(verdict(acc, endpoint, fields), 'frozen', endpoint)
  for (const endpoint of ['getRun', 'listArtifacts'])
    t.equal(verdict(acc, endpoint, { run_id: frozenRun }), 'allow', `${endpoint} only reads`)
  t.equal(
    verdict(acc, 'setLoggedModelTags', { model_id: frozenModel, tags: pair('mlflow.modelVersions', '[]') }),
    'allow',
    'the list of its registrations goes on',
  )
  t.equal(
    verdict(acc, 'setLoggedModelTags', {
      model_id: frozenModel,
      tags: [...pair('mlflow.modelVersions', '[]'), ...pair('a', 'b')],
    }),
    'frozen',
  )
  t.equal(verdict(acc, 'logMetric', { run_id: run2, key: 'a' }), 'allow', 'a run with versions in Staging alone is not frozen')
  t.equal(verdict(acc, 'deleteExperiment', { experiment_id: exp }), 'allow')
  t.equal(verdict(prod, 'deleteRun', { run_id: inProd.run(2) }), 'allow', 'production manages its own')
})

// Ways in which acc could have hidden what the version is made of that prod has a copy of
// biome-ignore format: a table
const disguises: [name: string, versions: ReturnType<typeof makeVersion>[]][] = [
  ['in place', [makeVersion('fraud_acc/1', { stage: 'Production', runId: run1 })]],
  ['a copy with its run', [makeVersion('fraud_prod/1', { runId: run1, source: 'models:/fraud_acc/1' })]],
  ['a copy of a version without a run', [makeVersion('fraud_acc/1', { source: store(`${exp}/${run1}/artifacts/m`) }), makeVersion('fraud_prod/1', { source: 'models:/fraud_acc/1' })]],
  ['a copy of a version with another run', [makeVersion('fraud_acc/1', { runId: run2, source: store(`${exp}/${run1}/artifacts/m`) }), makeVersion('fraud_prod/1', { runId: run2, source: 'models:/fraud_acc/1' })]],
  ['a copy of a copy', [makeVersion('fraud_acc/1', { source: store(`${exp}/${run1}/artifacts/m`) }), makeVersion('b_acc/7', { source: 'models:/fraud_acc/1' }), makeVersion('c_prod/1', { source: 'models:/b_acc/7' })]],
  ['a circle of copies with a way out', [makeVersion('fraud_acc/1', { runId: run1, source: 'models:/b_acc/1' }), makeVersion('b_acc/1', { source: 'models:/fraud_acc/1' }), makeVersion('c_prod/1', { source: 'models:/b_acc/1' })]],
]

t.test('freezing follows copies, whatever run they name', async (t) => {
  for (const [name, versions] of disguises) {
    const facts = { ...tenancy, versions, loggedModels: [] }
    t.equal(verdict(acc, 'deleteRun', { run_id: run1 }, facts), 'frozen', `${name}: delete`)
    t.equal(
      verdict(acc, 'uploadArtifact', { artifact_path: `${exp}/${run1}/artifacts/m/x` }, facts),
      'frozen',
      `${name}: overwrite`,
    )
    t.equal(
      verdict(
        acc,
        'deleteRun',
        { run_id: run1 },
        { ...facts, versions: versions.filter((v) => v.name.endsWith('_acc') && v.stage !== 'Production') },
      ),
      'allow',
      `${name}: but not before`,
    )
  }
  const bare = makeVersion('fraud_acc/1', { source: store(`${exp}/models/${model1}/artifacts`) })
  const facts = { ...tenancy, versions: [bare, makeVersion('fraud_prod/1', { source: 'models:/fraud_acc/1' })] }
  t.equal(
    verdict(acc, 'uploadArtifact', { artifact_path: `${exp}/models/${model1}/artifacts/x` }, facts),
    'frozen',
    'a logged model registered by its path',
  )
  t.equal(verdict(acc, 'deleteLoggedModel', { model_id: model1 }, facts), 'frozen')
  t.equal(verdict(acc, 'deleteExperiment', { experiment_id: exp }, facts), 'frozen')
  t.equal(verdict(acc, 'deleteLoggedModel', { model_id: model1 }, { ...facts, versions: [bare] }), 'allow')
  const links: [string, Record<string, string>][] = [
    ['deleteModelVersion', { name: 'fraud', version: '1' }],
    ['deleteRegisteredModel', { name: 'fraud' }],
    ['renameRegisteredModel', { name: 'fraud', new_name: 'other' }],
  ]
  for (const [endpoint, fields] of links) {
    t.equal(verdict(acc, endpoint, fields, facts), 'frozen', `${endpoint}: nobody could tell any more what the copy is made of`)
    t.equal(verdict(acc, endpoint, fields, { ...facts, versions: [bare] }), 'allow', `${endpoint}: but not before`)
    t.equal(verdict(prod, endpoint, fields, facts), 'allow', `${endpoint}: production manages its own`)
  }
})

t.test('a promotion and a change of what it freezes share a key, so that the server keeps them apart', async (t) => {
  const keys = (caller: Environment, endpoint: string, fields: Fields, facts: typeof tenancy) =>
    grantOf(ask(caller, endpoint, fields, facts)).context
  for (const [name, versions] of disguises) {
    const promoted = versions.filter((version) => version.name.endsWith('_prod'))
    const staging = versions
      .filter((version) => !promoted.includes(version))
      .map((each) => ({ ...each, stage: 'Staging' as const }))
    const original = staging.length > 0 ? staging : [makeVersion('fraud_acc/1', { runId: run1 })]
    const facts = { ...tenancy, versions: original, loggedModels: [] }
    const promotion =
      promoted[0] === undefined
        ? keys(prod, 'transitionModelVersionStage', { name: 'fraud_acc', version: '1', stage: 'Production' }, facts)
        : keys(prod, 'createModelVersion', { name: 'x', source: promoted[0].source }, facts)
    t.same(promotion.changes, [], `${name}: production changes what is its own`)
    const changes: [string, Fields][] = [
      ['deleteRun', { run_id: run1 }],
      ['uploadArtifact', { artifact_path: `${exp}/${run1}/artifacts/m/x` }],
      ['createLoggedModel', { experiment_id: exp, source_run_id: run1 }],
      ['deleteExperiment', { experiment_id: exp }],
      ['deleteModelVersion', { name: 'fraud', version: '1' }],
    ]
    for (const [endpoint, fields] of changes) {
      const { changes: changed, promotes } = keys(acc, endpoint, fields, facts)
      t.same(promotes, [], 'acc promotes nothing')
      t.ok(
        changed.some((key) => promotion.promotes.includes(key)),
        `${name}, ${endpoint}: ${changed} of ${promotion.promotes}`,
      )
    }
  }
})

t.test('whether it is frozen is asked last, when all else is settled', async (t) => {
  const metrics = [{ key: 'a', value: 1, timestamp: 1, step: 1, model_id: model1 }]
  const batch = { run_id: run1, metrics, tags: pair('mlflow.parentRunId', run2) }
  const asked = ask(acc, 'logBatch', batch).questions.map(({ about }) => about)
  const first = asked.findIndex((about) => about.startsWith('versions'))
  t.ok(first > 0, String(asked))
  t.ok(
    asked.slice(first).every((about) => about.startsWith('versions')),
    `nothing is asked after it: ${asked}`,
  )
})

t.test('whoever promotes reads what is behind a version, and nothing beside it', async (t) => {
  t.equal(verdict(prod, 'getRun', { run_id: run2 }), 'allow', 'the run of a version')
  t.equal(verdict(prod, 'getRun', { run_id: run1 }), 'not-found', 'another run')
  t.equal(verdict(prod, 'getLoggedModel', { model_id: model2 }), 'allow')
  t.equal(verdict(prod, 'getLoggedModel', { model_id: model1 }), 'not-found')
  t.equal(verdict(prod, 'listArtifacts', { run_id: run2 }), 'allow')
  t.equal(verdict(prod, 'downloadArtifact', { artifact_path: `${exp}/${run2}/artifacts/model/MLmodel` }), 'allow')
  t.equal(verdict(prod, 'downloadArtifact', { artifact_path: `${exp}/models/${model2}/artifacts/MLmodel` }), 'allow')
  t.equal(verdict(prod, 'downloadArtifact', { artifact_path: `${exp}/${run1}/artifacts/x` }), 'not-found')
  t.equal(verdict(prod, 'downloadArtifact', { artifact_path: exp }), 'not-found', 'not the experiment')
  t.equal(verdict(prod, 'getExperiment', { experiment_id: exp }), 'not-found')
  t.equal(
    verdict(prod, 'getRun', { run_id: inPreprod.run(2) }),
    'not-found',
    'nothing of an environment that it does not promote from',
  )
  t.equal(verdict(preprod, 'getRun', { run_id: run2 }), 'not-found', 'and nobody else reads it')
  const changes: [string, Fields][] = [
    ['setTag', { run_id: run2, key: 'a' }],
    ['deleteRun', { run_id: run2 }],
    ['logMetric', { run_id: run2, key: 'a' }],
    ['deleteLoggedModel', { model_id: model2 }],
    ['setLoggedModelTags', { model_id: model2, tags: pair('mlflow.modelVersions', '[]') }],
    ['uploadArtifact', { artifact_path: `${exp}/${run2}/artifacts/x` }],
    ['deleteArtifact', { artifact_path: `${exp}/models/${model2}/artifacts/x` }],
  ]
  for (const [endpoint, fields] of changes)
    t.equal(verdict(prod, endpoint, fields), 'not-found', `${endpoint} changes what is not theirs`)
  const own = { ...tenancy, versions: [makeVersion('fraud_prod/1', { runId: run1, stage: 'Production' })] }
  t.equal(verdict(prod, 'getRun', { run_id: run1 }, own), 'allow', 'an own copy outlives the version that it was made from')
  t.equal(
    verdict(preprod, 'getRun', { run_id: run1 }, { ...tenancy, versions: [makeVersion('fraud_preprod/1', { runId: run1 })] }),
    'not-found',
    'but opens nothing without promotesFrom',
  )
  t.equal(
    verdict(
      prod,
      'getRun',
      { run_id: '5'.repeat(32) },
      { ...tenancy, versions: [makeVersion('fraud_acc/1', { runId: '5'.repeat(32) })] },
    ),
    'not-found',
    'nobody’s run stays nobody’s',
  )
  // Only production environments promote, which the check of the configuration sees to; if ever another did:
  const reader = { ...preprod, promotesFrom: ['acc'] }
  const among = { environments: [acc, reader, prod], foldsCase: false }
  const asReader = (run_id: string) => verdictOf(judge(among, reader, requestTo('getRun', { run_id }), tenancy))
  t.same(
    [asReader(run2), asReader(inAcc.run(3))],
    ['allow', 'not-found'],
    'what is behind a version in Production alone it could not read',
  )
})

t.test('promotion by copying just works, with what the clients send', async (t) => {
  const copy = { name: 'fraud', source: 'models:/fraud_acc/2', run_id: run2, tags: [], description: '' }
  const grant = grantOf(ask(prod, 'createModelVersion', copy))
  t.equal(grant.context.scope, prod)
  t.equal(grant.context.sourceRunId, run2)
  t.equal(
    verdict(prod, 'createModelVersion', { ...copy, source: 'models:/fraud_acc/4', run_id: '', model_id: model2 }),
    'allow',
    'of a logged model',
  )
  t.equal(verdict(prod, 'createModelVersion', { ...copy, source: 'models:/fraud_preprod/2', run_id: '' }), 'foreign-name')
  t.equal(verdict(prod, 'createModelVersion', { ...copy, name: 'fraud_acc' }), 'read-only')
  t.equal(verdict(acc, 'createModelVersion', { ...copy, source: 'models:/fraud_prod/1' }), 'foreign-name', 'and never downwards')
})

// biome-ignore format: a table
const filters: [caller: Environment, endpoint: string, filter: string, verdict: string, scope?: Environment][] = [
  [acc, 'searchModelVersions', "name = 'fraud'", 'allow', acc], [acc, 'searchModelVersions', "name = 'fraud_prod'", 'allow', acc], [prod, 'searchModelVersions', "name = 'fraud_acc'", 'allow', acc], [prod, 'searchModelVersions', "name = 'fraud'", 'allow', prod],
  [prod, 'searchModelVersions', "name IN ('fraud_acc', 'risk_acc')", 'allow', acc], [prod, 'searchModelVersions', "name IN ('fraud_acc', 'fraud')", 'invalid-parameter'], [prod, 'searchModelVersions', "name = 'fraud_preprod'", 'allow', prod],
  [prod, 'searchRegisteredModels', "name LIKE '%_acc'", 'allow', prod], [prod, 'searchRegisteredModels', "`name` = 'fraud_acc'", 'allow', acc], [prod, 'searchRegisteredModels', "attribute.name = 'fraud_acc'", 'allow', acc],
  [prod, 'searchRegisteredModels', "name != 'fraud_acc'", 'allow', prod], [acc, 'searchRegisteredModels', "name = 'x_prod_acc'", 'allow', acc], [prod, 'searchRegisteredModels', "tags.name = 'fraud_acc'", 'allow', prod],
  [acc, 'searchExperiments', "name = '/experiments/prod/churn'", 'allow', acc], [prod, 'searchExperiments', "name = '/experiments/acc/churn'", 'allow', prod], [acc, 'searchExperimentsPost', "name LIKE 'ch%'", 'allow', acc],
  [acc, 'searchRuns', "params.a = '1' OR params.b = '2'", 'invalid-parameter'], [acc, 'searchModelVersions', "name = 'a' -- x", 'invalid-parameter'], [acc, 'searchModelVersions', "name = 'a'; name = 'b'", 'invalid-parameter'],
]

t.test('a filter looks among the rows of one environment: the caller’s, or the one whose models it names', async (t) => {
  for (const [caller, endpoint, filter, expected, scope] of filters) {
    const judged = ask(caller, endpoint, { filter, experiment_ids: ['0'] })
    t.equal(verdictOf(judged), expected, `${caller.name}: ${endpoint} ${filter}`)
    if (scope !== undefined) t.equal(grantOf(judged).context.scope, scope, `${filter}: rows of ${scope.name}`)
  }
})

t.test('locations of experiments lie under the environment’s own prefixes', async (t) => {
  const create = (artifact_location: string) => verdict(acc, 'createExperiment', { name: 'new', artifact_location })
  t.same(['', 's3://acc-bucket/models/x', 's3://acc-bucket/models', 's3://acc-bucket/models/'].map(create), [
    'allow',
    'allow',
    'allow',
    'allow',
  ])
  const bad = [
    's3://prod-bucket/models/x',
    store(`${otherExp}/${inProd.run(1)}`),
    store('99'),
    '/tmp/x',
    'relative',
    'https://x/y',
    's3://acc-bucket/modelsx',
  ]
  for (const location of bad) t.equal(create(location), 'foreign-source', location)
  t.equal(create('s3://acc-bucket/models/../../prod-bucket/x'), 'invalid-parameter')
  t.equal(create('/tmp/../x'), 'invalid-parameter')
})

t.test('required fields are asked for in MLflow’s words, before anything else', async (t) => {
  for (const [endpoint, fields, field] of [
    ['getRun', {}, 'run_id'],
    ['getRun', { run_id: '' }, 'run_id'],
    ['createModelVersion', { name: 'fraud' }, 'source'],
    ['searchLoggedModels', {}, 'experiment_ids'],
    ['batchGetTraceInfos', { trace_ids: [] }, 'trace_ids'],
  ] as const) {
    const judged = ask(acc, endpoint, fields)
    t.match(refusalOf(judged)?.message, `Missing value for required parameter '${field}'`, endpoint)
    t.equal(judged.questions.length, 0)
  }
  t.equal(verdict(acc, 'getRun', { run_uuid: run1 }), 'allow', 'the old spelling counts')
  t.equal(verdict(acc, 'getRun', { run_id: run1, run_uuid: run2 }), 'invalid-parameter', 'two runs at once do not')
  t.equal(verdict(acc, 'getRun', { run_id: run1.toUpperCase().replace('1', 'A') }), 'not-found')
  for (const version of ['01', ' 1', '+1', '1.0', '\uff11', 'latest', '0', '2147483648'])
    t.equal(verdict(acc, 'getModelVersion', { name: 'fraud', version }), 'invalid-parameter', showText(version))
})

const traceInfo = (trace_id: string, more: Fields = {}, experiment_id = inAcc.experiment) => ({
  trace: { trace_info: { trace_id, trace_location: { mlflow_experiment: { experiment_id } }, ...more } },
})
const fresh = `tr-${'8'.repeat(32)}`
const [trace1, trace2, trace3] = [inAcc.trace(1), inAcc.trace(2), inAcc.trace(3)]

// biome-ignore format: a table
const traces: [caller: Environment, endpoint: string, fields: Fields, verdict: string][] = [
  [acc, 'startTrace', traceInfo(fresh), 'allow'], [acc, 'startTrace', traceInfo(trace1), 'allow'], [acc, 'startTrace', traceInfo(inProd.trace(1)), 'not-found'],
  [prod, 'startTrace', traceInfo(trace1, {}, inProd.experiment), 'not-found'], [prod, 'startTrace', traceInfo(trace2, {}, inProd.experiment), 'not-found'],
  [acc, 'startTrace', traceInfo(`tr-${'5'.repeat(32)}`), 'not-found'], [acc, 'startTrace', traceInfo('my-trace'), 'allow'], [acc, 'startTrace', traceInfo('a b'), 'invalid-parameter'],
  [acc, 'startTrace', traceInfo('..'), 'invalid-parameter'], [acc, 'startTrace', traceInfo('x'.repeat(51)), 'invalid-parameter'], [acc, 'startTrace', traceInfo(''), 'invalid-parameter'],
  [acc, 'startTrace', traceInfo(fresh, {}, '01'), 'invalid-parameter'], [acc, 'startTrace', traceInfo(fresh, {}, inProd.experiment), 'not-found'], [acc, 'startTrace', traceInfo(fresh, {}, '0'), 'allow'],
  [acc, 'startTrace', traceInfo(fresh, { tags: { 'mlflow.artifactLocation': 's3://x' } }), 'allow'], [acc, 'setTraceTag', { trace_id: trace1, key: 'mlflow.ARTIFACTlocation', value: 'x' }, 'invalid-parameter'],
  [acc, 'setTraceTag', { trace_id: trace1, key: 'mlflow-env-proxy.pendingStage', value: 'x' }, 'invalid-parameter'], [acc, 'setTraceTag', { trace_id: trace1, key: 'mlflow.linkedPrompts', value: 'x' }, 'malformed'],
  [acc, 'setTraceTag', { trace_id: trace1, key: 'mlflow.linkedPrompts', value: '[1]' }, 'invalid-parameter'], [acc, 'setTraceTag', { trace_id: trace1, key: 'mlflow.sourceRun', value: 'any text' }, 'allow'],
  [acc, 'setTraceTag', { trace_id: trace1, key: 'mlflow.gateway.linkedTraceId', value: fresh }, 'allow'], [acc, 'setTraceTag', { trace_id: trace1, key: 'mlflow.gateway.linkedTraceId', value: fresh.toUpperCase() }, 'invalid-parameter'],
  [acc, 'setTraceTag', { trace_id: trace1.toUpperCase(), key: 'a', value: 'b' }, 'not-found'], [acc, 'getTraceInfo', { trace_id: `${trace1} ` }, 'not-found'],
  // What a run shows to those who may promote what it made, its traces do; a trace's own word for its run is not enough.
  [prod, 'getTraceInfo', { trace_id: trace2 }, 'allow'], [prod, 'getTrace', { trace_id: trace2 }, 'allow'], [prod, 'getTraceArtifact', { request_id: trace2 }, 'allow'],
  [prod, 'getTraceInfo', { trace_id: trace1 }, 'not-found'], [prod, 'getTraceInfo', { trace_id: trace3 }, 'not-found'], [prod, 'getTraceInfo', { trace_id: strayTrace }, 'not-found'],
  [acc, 'linkPromptsToTrace', { trace_id: trace1, prompt_versions: [{ name: 'fraud', version: '1' }] }, 'allow'], [acc, 'linkPromptsToTrace', { trace_id: trace1, prompt_versions: [{ name: 'fraud', version: '1' }, { name: 'fraud' }] }, 'invalid-parameter'],
  [acc, 'linkPromptsToTrace', { trace_id: trace1, prompt_versions: [{ name: 'fraud', version: 'latest' }] }, 'invalid-parameter'], [acc, 'linkTracesToRun', { trace_ids: [fresh], run_id: run1 }, 'not-found'],
  [prod, 'setTraceTag', { trace_id: trace2, key: 'a', value: 'b' }, 'not-found'], [prod, 'linkTracesToRun', { trace_ids: [trace2], run_id: inProd.run(1) }, 'not-found'],
  [preprod, 'getTraceInfo', { trace_id: trace2 }, 'not-found'], [acc, 'getTraceInfo', { trace_id: inProd.trace(2) }, 'not-found'],
  // A run of which a version in production is made stays as it is.
  [acc, 'linkTracesToRun', { trace_ids: [trace1], run_id: inAcc.run(3) }, 'frozen'], [acc, 'linkTracesToRun', { trace_ids: [trace1, trace3], run_id: run1 }, 'allow'],
  [acc, 'deleteTraces', { experiment_id: inAcc.experiment, request_ids: [inProd.trace(1)], max_traces: 1 }, 'invalid-parameter'], [acc, 'deleteTraces', { experiment_id: inAcc.experiment, max_timestamp_millis: 1, max_traces: 1 }, 'allow'],
  [acc, 'searchTraces', { locations: [{}] }, 'invalid-parameter'], [acc, 'searchTraces', { locations: [] }, 'allow'], [acc, 'searchTraces', {}, 'invalid-parameter'], [acc, 'searchTraces', { locations: [{ mlflow_experiment: { experiment_id: ' 1' } }] }, 'invalid-parameter'],
  [acc, 'searchTraces', { locations: [{ mlflow_experiment: { experiment_id: '0' } }], filter: "prompt LIKE 'x'" }, 'invalid-parameter'], [acc, 'searchTraces', { locations: [{ mlflow_experiment: { experiment_id: '0' } }], filter: "prompt = 'x'" }, 'invalid-parameter'],
  [acc, 'searchTraces', { locations: [{ mlflow_experiment: { experiment_id: '0' } }], filter: "prompt = 'x/1' OR 1 = 1" }, 'invalid-parameter'], [acc, 'searchTraces', { locations: [{ mlflow_experiment: { experiment_id: '0' } }], filter: "feedback.good = 'true' AND trace.text LIKE '%x%' AND span.attributes.k IN ('a')" }, 'allow'],
  [acc, 'downloadArtifact', { artifact_path: `${inAcc.experiment}/traces/${trace1}/artifacts/traces.json` }, 'allow'], [acc, 'uploadArtifact', { artifact_path: `0/traces/${trace1}/artifacts/traces.json` }, 'allow'],
  [acc, 'uploadArtifact', { artifact_path: `${inAcc.experiment}/traces/${inProd.trace(1)}/artifacts/traces.json` }, 'not-found'], [acc, 'uploadArtifact', { artifact_path: `${inAcc.experiment}/traces/${fresh}/artifacts/traces.json` }, 'not-found'],
  [acc, 'downloadArtifact', { artifact_path: `${inProd.experiment}/traces/${trace1}/artifacts/traces.json` }, 'not-found'], [acc, 'uploadArtifact', { artifact_path: `${inProd.experiment}/traces/${trace1}/artifacts/traces.json` }, 'not-found'],
  [prod, 'downloadArtifact', { artifact_path: `${inAcc.experiment}/traces/${trace2}/artifacts/traces.json` }, 'allow'], [prod, 'downloadArtifact', { artifact_path: `${inAcc.experiment}/traces/${trace1}/artifacts/traces.json` }, 'not-found'],
  [prod, 'uploadArtifact', { artifact_path: `${inAcc.experiment}/traces/${trace2}/artifacts/traces.json` }, 'not-found'],
]

t.test('traces are their experiment’s, and a new one takes nobody’s place', async (t) => {
  for (const [caller, endpoint, fields, expected] of traces)
    t.equal(verdict(caller, endpoint, fields), expected, showText(`${caller.name}: ${endpoint} ${JSON.stringify(fields)}`))
  const many = ask(acc, 'linkTracesToRun', { trace_ids: [trace1, trace2, trace3], run_id: run1 })
  t.equal(
    many.questions.filter(({ about }) => about === 'traces').length,
    1,
    'however many there are, they are asked for at once',
  )
  const folding = { ...tenancy, traces: [{ id: fresh, experimentId: inAcc.experiment, sourceRunId: null }] }
  const found = judge(config, acc, requestTo('startTrace', traceInfo(fresh.toUpperCase())), folding)
  t.equal(verdictOf(found), 'allow', 'a database that tells cases apart has no such trace')
})
