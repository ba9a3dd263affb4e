import t from 'tap'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { findEndpoint } from '../../src/policy/endpoints/find-endpoint.ts'
import { rewriteAnswer } from '../../src/rewrite/answer/rewrite-answer.ts'
import { upstreamRequest } from '../../src/rewrite/request/upstream-request.ts'
import {
  type FakeFacts,
  grantOf,
  judge,
  makeWorkspace,
  refusalOf,
  requestTo,
  toMessage,
  verdictOf,
} from '../fakes/fake-fact-source.ts'
import { inWorkspace, makeModel, makeRun, makeVersion } from '../fixtures/tenancy.ts'

// What clients in Databricks mode may do: the same as all others, and get signed URLs for it.
const { acc, preprod, prod, config } = makeWorkspace({ sourcePrefixes: ['dbfs:/models/acc/'] })
const id = (digit: string) => digit.repeat(32)
const root = (experiment: string, owner: string) => inWorkspace(owner, experiment)
const runFact = (digit: string, experimentId: string) => makeRun(id(digit), experimentId, inWorkspace)
const modelFact = (digit: string, experimentId: string) => makeModel(`m-${id(digit)}`, experimentId, id(digit), inWorkspace)
const facts: FakeFacts = {
  experiments: [
    { id: '11', name: '/experiments/acc/churn' },
    { id: '22', name: '/experiments/prod/churn' },
    { id: '33', name: '/experiments/preprod/churn' },
  ],
  // 1 and 2 are acc's, and acc's version 1 is made of 1; 3 is prod's, 4 preprod's.
  runs: [runFact('1', '11'), runFact('2', '11'), runFact('3', '22'), runFact('4', '33')],
  loggedModels: [modelFact('1', '11'), modelFact('2', '11'), modelFact('3', '22')],
  versions: [
    makeVersion('fraud_acc/1', { stage: 'Staging', runId: id('1') }),
    makeVersion('fraud_acc/2', { stage: 'Production', runId: id('2') }),
    makeVersion('fraud_prod/1', { stage: 'Production', runId: null }),
  ],
}
const ask = (caller: typeof acc, endpoint: string, fields: Readonly<Record<string, unknown>>) =>
  judge(config, caller, requestTo(endpoint, fields, 'databricks'), facts)

const reading = ['getRunReadCredentials']
const writing = ['getRunWriteCredentials', 'createRunMultipartUpload', 'getRunUploadPartUrl', 'completeRunMultipartUpload']

function runCall(endpoint: string, run_id: string, path: string): Readonly<Record<string, unknown>> {
  const one = !endpoint.endsWith('Credentials')
  return { run_id, path: one ? path : [path], ...(/UploadPartUrl|complete/.test(endpoint) ? { upload_id: 'u' } : {}) }
}

t.test('signed URLs are for runs and logged models that the caller may read or change', async (t) => {
  /** Whose run: what reading says, and what writing says. */
  const runs: readonly (readonly [typeof acc, string, string, string])[] = [
    [acc, '1', 'allow', 'allow'],
    [acc, '3', 'not-found', 'not-found'],
    [acc, '4', 'not-found', 'not-found'],
    [acc, '9', 'not-found', 'not-found'],
    [prod, '3', 'allow', 'allow'],
    [prod, '1', 'allow', 'not-found'],
    [prod, '4', 'not-found', 'not-found'],
  ]
  for (const [caller, digit, read, write] of runs) {
    for (const endpoint of [...reading, ...writing]) {
      const judged = ask(caller, endpoint, runCall(endpoint, id(digit), 'a/b.txt'))
      t.equal(verdictOf(judged), reading.includes(endpoint) ? read : write, `${caller.name} ${endpoint} ${digit}`)
    }
  }
  for (const endpoint of ['getLoggedModelReadCredentials', 'getLoggedModelWriteCredentials']) {
    const ofModel = (caller: typeof acc, digit: string) =>
      verdictOf(ask(caller, endpoint, { model_id: `m-${id(digit)}`, paths: ['MLmodel'] }))
    t.equal(ofModel(acc, '1'), 'allow', endpoint)
    t.equal(ofModel(acc, '3'), 'not-found', endpoint)
    t.equal(ofModel(prod, '1'), endpoint.includes('Read') ? 'allow' : 'not-found', endpoint)
  }
})

t.test('signed URLs are for single files that lie inside', async (t) => {
  const refused = ['', '/', 'a/', '../x', 'a/../../x', '%2e%2e/x', '%252e%252e%252fx', 'a//b', '/abs', 'a\\b', 'a\u0000', '.']
  for (const path of refused) {
    for (const endpoint of [...reading, ...writing]) {
      const judged = ask(acc, endpoint, runCall(endpoint, id('1'), path))
      t.equal(verdictOf(judged), 'invalid-parameter', `${endpoint} ${JSON.stringify(path)}`)
      t.equal(judged.questions.length, 0, 'without a question')
    }
  }
  const several = (path: unknown) => verdictOf(ask(acc, 'getRunReadCredentials', { run_id: id('1'), path }))
  t.equal(several(['a', 'b']), 'allow')
  t.equal(several(['a', '..']), 'invalid-parameter', 'each of them')
  t.equal(several([]), 'invalid-parameter', 'and of which is said')
  const grant = grantOf(ask(acc, 'getRunWriteCredentials', { run_id: id('1'), path: ['100%25 x', 'ü'] }))
  t.same(upstreamRequest(grant).body, `{"run_id":"${id('1')}","path":["100%25 x","ü"]}`, 'a name goes as it is')
})

t.test('a version’s files are read by those who may read the version', async (t) => {
  const table: readonly (readonly [typeof acc, string, string, string])[] = [
    [acc, 'fraud', '1', 'allow'],
    [acc, 'fraud', '2', 'production-version'],
    [acc, 'fraud', '9', 'not-found'],
    [acc, 'fraud_prod', '1', 'foreign-name'],
    [prod, 'fraud', '1', 'allow'],
    [prod, 'fraud_acc', '2', 'allow'],
    [preprod, 'fraud_acc', '1', 'foreign-name'],
  ]
  for (const [caller, name, number, expected] of table) {
    for (const [endpoint, path] of [
      ['listVersionArtifacts', ''],
      ['getVersionReadCredential', 'MLmodel'],
    ] as const) {
      t.equal(verdictOf(ask(caller, endpoint, { name, version: number, path })), expected, `${caller.name} ${endpoint} ${name}`)
    }
  }
  const grant = grantOf(ask(acc, 'getVersionReadCredential', { name: 'fraud', version: '1', path: 'a b' }))
  t.equal(
    upstreamRequest(grant).target,
    '/api/2.0/mlflow/model-versions/get-signed-download-uri?name=fraud_acc&version=1&path=a%20b',
  )
})

t.test('answers show the workspace’s locations, and of credentials what clients know', async (t) => {
  const run = grantOf(ask(acc, 'getRun', { run_id: id('1') }))
  const answer = toMessage({ run: { info: { run_id: id('1'), experiment_id: '11', artifact_uri: root('11', id('1')) } } })
  t.same(rewriteAnswer(run, answer), answer)
  const http = grantOf(judge(config, acc, requestTo('getRun', { run_id: id('1') }), facts))
  const info = toMessage({ run_id: id('1'), experiment_id: '11', artifact_uri: `mlflow-artifacts:/11/${id('1')}/artifacts` })
  t.same(rewriteAnswer(http, answer), toMessage({ run: { info } }), 'others never see it')
  const grant = grantOf(ask(acc, 'getRunReadCredentials', { run_id: id('1'), path: ['x'] }))
  const credential = {
    run_id: id('1'),
    path: 'x',
    signed_uri: 'https://s/x?sig=y',
    headers: [{ name: 'h', value: 'v' }],
    type: 'AZURE_SAS_URI',
  }
  t.same(
    rewriteAnswer(grant, toMessage({ credential_infos: [{ ...credential, made_up: 1 }], account_key: 'k' })),
    toMessage({ credential_infos: [credential] }),
  )
})

t.test('a version is made from what the caller may read, in the workspace’s own spelling', async (t) => {
  const source = (caller: typeof acc, uri: string) => verdictOf(ask(caller, 'createModelVersion', { name: 'fraud', source: uri }))
  t.equal(source(acc, `${root('11', id('1'))}/model`), 'allow')
  t.equal(source(acc, root('11', `m-${id('1')}`)), 'allow')
  t.equal(source(acc, 'dbfs:/models/acc/x'), 'allow')
  t.equal(source(prod, `${root('11', id('1'))}/model`), 'allow')
  t.equal(source(acc, `${root('22', id('3'))}/model`), 'not-found')
  t.equal(source(preprod, `${root('11', id('1'))}/model`), 'not-found')
  const foreign = [
    root('22', id('1')),
    'dbfs:/databricks/mlflow-tracking/11',
    `dbfs:/databricks/mlflow-tracking/11/${id('1')}/metrics`,
    'dbfs:/databricks/mlflow-registry/x/models/y',
    'dbfs:/Databricks/mlflow-tracking/11/x',
    `DBFS:/databricks/mlflow-tracking/11/${id('1')}/artifacts/model`,
    'dbfs:/models/prod/x',
    `mlflow-artifacts:/11/${id('1')}/metrics`,
    `mlflow-artifacts:/22/${id('1')}/artifacts/model`,
    `dbfs://profile@databricks/databricks/mlflow-tracking/11/${id('1')}/artifacts`,
  ]
  for (const uri of foreign) t.match(source(acc, uri), /^(foreign-source|invalid-parameter)$/, uri)
  const own = `mlflow-artifacts:/11/${id('1')}/artifacts/model`
  t.equal(source(acc, own), 'allow', 'also in the spelling of clients that track by http')
  t.equal(source(acc, `mlflow-artifacts:/22/${id('3')}/artifacts/model`), 'not-found')
  const mixed = upstreamRequest(grantOf(ask(acc, 'createModelVersion', { name: 'fraud', source: own })))
  t.match(mixed.body, `"source":"${root('11', id('1'))}/model"`)
  const grant = grantOf(ask(acc, 'createModelVersion', { name: 'fraud', source: `${root('11', id('1'))}/model` }))
  t.match(upstreamRequest(grant).body, `"source":"${root('11', id('1'))}/model"`, 'and goes as it is')
  t.match(upstreamRequest(grant).body, `"run_id":"${id('1')}"`)
})

t.test('each mode has its own doors to bytes, and all else in common', async (t) => {
  const [http, databricks] = (['http', 'databricks'] as const).map((mode) => endpointTable('databricks', mode))
  const names = (table = http) => new Set(table?.open.keys())
  const only = (a: Set<string>, b: Set<string>) => [...a].filter((name) => !b.has(name))
  t.ok(only(names(http), names(databricks)).every((name) => http?.open.get(name)?.resource === 'artifact'))
  t.ok(only(names(databricks), names(http)).every((name) => databricks?.open.get(name)?.modes?.includes('databricks')))
  const catalog = names(endpointTable('unityCatalog', 'databricks'))
  for (const name of ['getRunReadCredentials', 'getLoggedModelWriteCredentials', 'writeWorkspaceFile']) {
    t.ok(catalog.has(name), `${name}: runs are the same where models are in a catalog`)
  }
  t.notOk(catalog.has('getVersionReadCredential'), 'and versions are not')
  t.notOk(names(endpointTable('mlflow', 'databricks')).has('getRunReadCredentials'), 'an open-source server has no such door')
  const path = '/api/2.0/mlflow/artifacts/credentials-for-read'
  t.ok('open' in (findEndpoint('POST', path, 'databricks', 'databricks') ?? {}))
  t.match(findEndpoint('POST', path, 'databricks'), { closed: { closed: /would bypass the proxy/ } })
  t.equal(refusalOf(ask(acc, 'getRunReadCredentials', { run_id: 'x', path: ['x'] }))?.reason, 'not-found')
})

t.test('of the workspace’s files, artifacts alone are served, by the ids in their paths', async (t) => {
  const root = 'WorkspaceInternal/Mlflow/Artifacts'
  const file = (caller: typeof acc, path: string) => [
    verdictOf(ask(caller, 'readWorkspaceFile', { file_path: path })),
    verdictOf(ask(caller, 'writeWorkspaceFile', { file_path: path, overwrite: true })),
    verdictOf(ask(caller, 'listWorkspaceFolder', { directory_path: path })),
  ]
  const all = (verdict: string) => [verdict, verdict, verdict]
  const closed = 'closed-endpoint'
  const table: readonly (readonly [typeof acc, string, readonly string[]])[] = [
    [acc, `${root}/11/Runs/${id('1')}/artifacts/a%20b`, all('allow')],
    [acc, `${root}/11/LoggedModels/m-${id('1')}/artifacts/MLmodel`, all('allow')],
    [prod, `${root}/22/Runs/${id('3')}/artifacts/x`, all('allow')],
    [prod, `${root}/11/Runs/${id('1')}/artifacts/x`, ['allow', closed, 'allow']],
    [acc, `${root}/22/Runs/${id('3')}/artifacts/x`, all(closed)],
    [acc, `${root}/22/Runs/${id('1')}/artifacts/x`, all(closed)],
    [acc, `${root}/11/Runs/${id('3')}/artifacts/x`, all(closed)],
    [acc, `${root}/11/Runs/${id('9')}/artifacts/x`, all(closed)],
    [acc, `${root}/11/LoggedModels/m-${id('3')}/artifacts/x`, all(closed)],
    [acc, `${root}/11/Runs/${id('1')}/x`, all(closed)],
    [acc, `${root}/11/Runs/${id('1')}`, all(closed)],
    [acc, `${root}/11/Runs`, all(closed)],
    [acc, `${root}/11`, all(closed)],
    [acc, `${root}/11/Traces/tr-${id('1')}/artifacts/x`, all(closed)],
    [acc, `${root}/11/runs/${id('1')}/artifacts/x`, all(closed)],
    [acc, `Volumes/main/acc/x`, all(closed)],
    [acc, `Models/main/ml/fraud/1/MLmodel`, all(closed)],
    [acc, `${root}/11/Runs/${id('1')}/artifacts/%2e%2e/x`, all('invalid-parameter')],
    [acc, `${root}/11/Runs/${id('1')}/artifacts/%252e%252e/x`, all(closed)],
    [acc, `${root}/11/Runs/${id('1')}/artifacts/100%25%20x`, all('allow')],
    [acc, `${root}/11/Runs/${id('1')}/artifacts/100%2525`, all(closed)],
    [acc, `${root}/11/Runs/${id('1')}/artifacts/a%5Cb`, all('invalid-parameter')],
    [acc, `${root}/11/Runs/${id('1')}/artifacts/%ff`, all(closed)],
  ]
  for (const [caller, path, expected] of table) t.same(file(caller, path), expected, `${caller.name} ${path}`)
  const words = (path: string) => refusalOf(ask(acc, 'readWorkspaceFile', { file_path: path }))?.message
  t.equal(
    words(`${root}/22/Runs/${id('3')}/artifacts/x`),
    words(`${root}/22/Runs/${id('9')}/artifacts/x`),
    'foreign is as absent',
  )
  const written = { file_path: `${root}/11/Runs/${id('1')}/artifacts/x` }
  t.equal(verdictOf(ask(acc, 'writeWorkspaceFile', written)), 'invalid-parameter', 'a file that is there is overwritten')
})

t.test('of DBFS there is what lies under the environment’s prefixes, and artifacts by their ids', async (t) => {
  const file = (caller: typeof acc, path: string) => [
    verdictOf(ask(caller, 'readDbfsFile', { file_path: path.slice(1) })),
    verdictOf(ask(caller, 'writeDbfsFile', { file_path: path.slice(1) })),
    verdictOf(ask(caller, 'listDbfsFolder', { path })),
    verdictOf(ask(caller, 'getDbfsStatus', { path })),
  ]
  const all = (verdict: string) => [verdict, verdict, verdict, verdict]
  const closed = 'closed-endpoint'
  const tracking = '/databricks/mlflow-tracking'
  const table: readonly (readonly [typeof acc, string, readonly string[]])[] = [
    [acc, '/models/acc/x/y', all('allow')],
    [acc, '/models/acc', ['allow', closed, 'allow', 'allow']],
    [acc, '/models', all(closed)],
    [acc, '/models/accx/y', all(closed)],
    [acc, '/models/prod/x', all(closed)],
    [prod, '/models/acc/x', all(closed)],
    [acc, '/models/acc/../prod/x', all(closed)],
    [acc, '/models/acc//x', all(closed)],
    [acc, '/models/acc/%252e%252e/x', all(closed)],
    [acc, `${tracking}/11/${id('1')}/artifacts/x`, all('allow')],
    [acc, `${tracking}/11/logged_models/m-${id('1')}/artifacts/x`, all('allow')],
    [prod, `${tracking}/11/${id('1')}/artifacts/x`, ['allow', closed, 'allow', 'allow']],
    [acc, `${tracking}/22/${id('3')}/artifacts/x`, all(closed)],
    [acc, `${tracking}/22/${id('1')}/artifacts/x`, all(closed)],
    [acc, `${tracking}/11/tr-${id('1')}/artifacts/x`, all(closed)],
    [acc, '/databricks/mlflow-registry/x', all(closed)],
    [acc, '/Databricks/mlflow-tracking/11', all(closed)],
    [acc, '/databricks/mlflow/11/x', all(closed)],
    [acc, '/elsewhere/x', all(closed)],
    [acc, '/registry/fraud/1/x', all(closed)],
    [acc, '/', ['invalid-parameter', 'invalid-parameter', closed, closed]],
  ]
  for (const [caller, path, expected] of table) t.same(file(caller, path), expected, `${caller.name} ${path}`)
  const list = grantOf(ask(acc, 'listDbfsFolder', { path: '/models/acc/x y' }))
  t.equal(upstreamRequest(list).target, '/api/2.0/dbfs/list?path=%2Fmodels%2Facc%2Fx%20y')
  for (const path of ['dbfs:/models/acc/x', 'models/acc/x', '//models/acc/x', '/models/acc/x%20y']) {
    t.equal(verdictOf(ask(acc, 'listDbfsFolder', { path })), closed, path)
  }
})
