import t from 'tap'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { findEndpoint } from '../../src/policy/endpoints/find-endpoint.ts'
import type { Environment, PolicyConfig } from '../../src/policy/environments/environment.ts'
import { findEnvironmentProblems } from '../../src/policy/environments/environment-problems.ts'
import { isInProduction, protectedAliases } from '../../src/policy/environments/production.ts'
import { ownerOf, resolveName, showName } from '../../src/policy/names/names.ts'
import { Refusal } from '../../src/policy/reasons.ts'
import { rewriteAnswer } from '../../src/rewrite/answer/rewrite-answer.ts'
import { clientSentence } from '../../src/rewrite/errors/error-text.ts'
import { upstreamFilter } from '../../src/rewrite/request/search-filter.ts'
import { upstreamRequest } from '../../src/rewrite/request/upstream-request.ts'
import { inAskedForm } from '../../src/rewrite/unity-catalog/models-answer.ts'
import { type FakeFacts, grantOf, judge, makeEnvironment, requestTo, toMessage, verdictOf } from '../fakes/fake-fact-source.ts'

const inCatalog = (name: string, over: Partial<Environment> = {}) =>
  makeEnvironment(name, {
    unityCatalogSchema: `${name}.ml`,
    registrationAlias: over.production ? 'production' : 'staging',
    registrationStage: null,
    ...over,
  })
const acc = inCatalog('acc')
const preprod = inCatalog('preprod')
const prod = inCatalog('prod', { production: true, promotesFrom: ['acc'], registrationAlias: 'live' })
const config: PolicyConfig = {
  environments: [acc, preprod, prod],
  foldsCase: false,
  kind: 'databricks',
  registry: 'unityCatalog',
}

function resolved(environment: Environment, name: string): string {
  try {
    const { owner, logical, upstream } = resolveName(config, environment, 'model', name)
    return `${owner.name}:${logical}:${upstream}`
  } catch (error) {
    if (error instanceof Refusal) return error.reason
    throw error
  }
}

t.test('a plain name is the environment’s own, and three levels name one of another environment', async (t) => {
  const names: readonly (readonly [Environment, string, string])[] = [
    [acc, 'fraud', 'acc:fraud:acc.ml.fraud'],
    [acc, 'acc.ml.fraud', 'acc:fraud:acc.ml.fraud'],
    [acc, 'fraud_prod', 'acc:fraud_prod:acc.ml.fraud_prod'],
    [acc, 'prod.ml.fraud', 'prod:fraud:prod.ml.fraud'],
    [acc, 'PROD.ML.fraud', 'prod:fraud:prod.ml.fraud'],
    [acc, 'Fraud', 'acc:Fraud:acc.ml.fraud'],
    ...['legacy.ml.fraud', 'ml.fraud', 'a.b', 'prod.ml.x.y', 'prod.ml.', 'acc.mlx.fraud', 'a b', 'a/b', '.', 'x'.repeat(256)].map(
      (name) => [acc, name, 'invalid-parameter'] as const,
    ),
  ]
  for (const [environment, name, expected] of names) t.equal(resolved(environment, name), expected, name)
  t.equal(ownerOf(config, 'model', 'prod.ml.fraud')?.owner.name, 'prod')
  for (const name of ['fraud_prod', 'other.ml.fraud', 'prod.ml', 'prod.ml.a.b', 'fraud']) {
    t.equal(ownerOf(config, 'model', name), null, name)
  }
  const shown = (environment: Environment) => showName(config, environment, 'model', 'acc.ml.fraud')
  t.same([shown(acc), shown(prod), shown(preprod)], ['fraud', 'acc.ml.fraud', null])
  t.equal(ownerOf(config, 'experiment', '/experiments/acc/churn')?.logical, 'churn', 'experiments are as ever')
})

t.test('a landscape whose schemas or aliases are ambiguous is refused', async (t) => {
  const problems = (...environments: Environment[]) =>
    findEnvironmentProblems({ ...config, environments }).map(({ environment, key }) => `${environment}.${key}`)
  t.same(problems(acc, preprod, prod), [])
  t.same(problems(acc, inCatalog('b', { unityCatalogSchema: 'ACC.ml' })), ['b.unityCatalogSchema'])
  const { unityCatalogSchema: _, ...bare } = acc
  t.same(problems(bare, preprod), ['acc.unityCatalogSchema'])
  t.same(problems(acc, inCatalog('a', { registrationAlias: 'Live' }), prod), ['a.registrationAlias'])
  t.same(problems(inCatalog('a', { registrationAlias: 'production' })), ['a.registrationAlias'])
  t.same(problems(acc, inCatalog('b', { modelSuffix: '_acc' })), ['b.modelSuffix'], 'the suffix of serving endpoints')
  const elsewhere = findEnvironmentProblems({ ...config, registry: 'workspace', environments: [acc] })
  t.same(
    elsewhere.map(({ key }) => key),
    ['unityCatalogSchema', 'registrationAlias'],
  )
})

const version = (name: string, number: string, aliases: readonly string[] = []) => ({
  name,
  version: number,
  stage: 'None' as const,
  source: 'dbfs:/databricks/mlflow-tracking/1/x',
  runId: null,
  pendingStage: null,
  aliases,
})
const facts: FakeFacts = {
  experiments: [{ id: '4400000000000001', name: '/experiments/acc/churn' }],
  runs: [],
  loggedModels: [],
  versions: [
    version('acc.ml.fraud', '1', ['staging']),
    version('acc.ml.fraud', '2', ['champion', 'Live']),
    version('acc.ml.fraud', '3'),
    version('acc.ml.plain', '1', ['staging']),
    version('prod.ml.fraud', '1', ['live']),
    version('preprod.ml.fraud', '1', ['staging']),
  ],
  aliases: { 'acc.ml.fraud@staging': '1', 'acc.ml.fraud@champion': '2', 'acc.ml.fraud@live': '2' },
}
const verdict = (caller: Environment, endpoint: string, fields: Readonly<Record<string, unknown>>) =>
  verdictOf(judge(config, caller, requestTo(endpoint, fields), facts))

t.test('aliases of production environments have the policy that the stage Production has', async (t) => {
  t.same([...protectedAliases(config)], ['production', 'live'])
  t.ok(isInProduction(config, { stage: 'None', aliases: ['LIVE'] }))
  t.notOk(isInProduction(config, { stage: 'Production', aliases: ['champion'] }))
  const set = (caller: Environment, name: string, number: string, alias: string) =>
    verdict(caller, 'setRegisteredModelAlias', { name, version: number, alias })
  const rows: readonly (readonly [Environment, string, string, string, string])[] = [
    [acc, 'fraud', '3', 'challenger', 'allow'],
    [acc, 'fraud', '3', 'staging', 'allow'],
    [acc, 'fraud', '3', 'live', 'stage'],
    [acc, 'fraud', '3', ' LIVE', 'stage'],
    [acc, 'fraud', '3', 'production', 'stage'],
    [acc, 'fraud', '3', 'champion', 'production-version'],
    [acc, 'fraud', '2', 'challenger', 'production-version'],
    [acc, 'fraud', '9', 'challenger', 'not-found'],
    [acc, 'prod.ml.fraud', '1', 'challenger', 'foreign-name'],
    [acc, 'prod.ml.none', '1', 'challenger', 'foreign-name'],
    [preprod, 'acc.ml.fraud', '1', 'challenger', 'foreign-name'],
    [prod, 'fraud', '1', 'live', 'allow'],
    [prod, 'fraud', '1', 'anything', 'allow'],
    [prod, 'acc.ml.fraud', '1', 'live', 'allow'],
    [prod, 'acc.ml.fraud', '1', 'challenger', 'read-only'],
    [prod, 'acc.ml.fraud', '3', 'live', 'read-only'],
    [prod, 'preprod.ml.fraud', '1', 'live', 'foreign-name'],
  ]
  for (const [caller, name, number, alias, expected] of rows) {
    t.equal(set(caller, name, number, alias), expected, `${caller.name} sets ${alias} on ${name}/${number}`)
  }
  const remove = (caller: Environment, name: string, alias: string) =>
    verdict(caller, 'deleteRegisteredModelAlias', { name, alias })
  t.equal(remove(acc, 'fraud', 'staging'), 'allow')
  t.equal(remove(acc, 'fraud', 'live'), 'stage')
  t.equal(remove(acc, 'fraud', 'champion'), 'production-version')
  t.equal(remove(prod, 'fraud', 'live'), 'allow')
  t.equal(remove(prod, 'acc.ml.fraud', 'live'), 'read-only')
})

t.test('who may not manage production neither changes nor deletes nor takes what a production alias points at', async (t) => {
  const id = { name: 'fraud', version: '2' }
  const changes: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['updateModelVersion', { ...id, description: 'x' }],
    ['deleteModelVersion', id],
    ['setModelVersionTag', { ...id, key: 'a', value: 'b' }],
    ['deleteModelVersionTag', { ...id, key: 'a' }],
    ['getModelVersionDownloadUri', id],
    ['deleteRegisteredModel', { name: 'fraud' }],
    ['renameRegisteredModel', { name: 'fraud', new_name: 'other' }],
    ['createModelVersion', { name: 'mine', source: 'models:/fraud/2' }],
    ['createModelVersion', { name: 'mine', source: 'models:/fraud@live' }],
    ['downloadArtifact', { artifact_path: 'registry/fraud/2/MLmodel' }],
  ]
  for (const [endpoint, fields] of changes) t.equal(verdict(acc, endpoint, fields), 'production-version', endpoint)
  t.equal(verdict(acc, 'updateModelVersion', { ...id, version: '3' }), 'allow')
  t.equal(verdict(acc, 'deleteRegisteredModel', { name: 'plain' }), 'allow')
  t.equal(verdict(prod, 'createModelVersion', { name: 'fraud', source: 'models:/acc.ml.fraud/2' }), 'allow')
  t.equal(verdict(preprod, 'createModelVersion', { name: 'fraud', source: 'models:/acc.ml.fraud/1' }), 'foreign-name')
  t.equal(verdict(prod, 'updateModelVersion', { name: 'acc.ml.fraud', version: '1', description: 'x' }), 'read-only')
})

t.test('filters and sentences have the three-level names', async (t) => {
  const grant = grantOf(judge(config, acc, requestTo('searchModelVersions', { filter: "name='fraud'" }), facts))
  const { context, endpoint } = grant
  t.equal(upstreamFilter("name='fraud'", endpoint.search, context), "name = 'acc.ml.fraud'")
  t.equal(upstreamFilter('', endpoint.search, context), "name LIKE 'acc.ml.%'")
  const get = grantOf(judge(config, acc, requestTo('getRegisteredModel', { name: 'fraud' }), facts)).context
  t.equal(clientSentence("Model 'acc.ml.fraud' does not exist.", get), "Model 'fraud' does not exist.")
  t.equal(clientSentence("Model 'prod.ml.secret' exists.", get), null)
})

t.test('stages are answered with what to do instead, and never as if the server were older', async (t) => {
  const kinds = ['unityCatalog', 'databricks'] as const
  const stages = ['/model-versions/transition-stage', '/registered-models/get-latest-versions', '/transition-requests/create']
  for (const path of stages) {
    const [found, staged] = kinds.map((kind) => findEndpoint('POST', `/api/2.0/mlflow${path}`, kind))
    t.match(found, { closed: { closed: /an alias/, hidden: false } }, path)
    t.ok(staged !== null && staged !== undefined && 'open' in staged)
  }
  for (const [method, path] of [
    ['POST', '/api/2.0/mlflow/registered-models/alias'],
    ['POST', '/api/2.0/mlflow/model-versions/create'],
  ] as const) {
    t.ok('open' in (findEndpoint(method, path, 'unityCatalog') ?? {}), path)
  }
  t.match(findEndpoint('GET', '/api/2.0/mlflow/registry-webhooks/list', 'unityCatalog'), { closed: { hidden: false } })
})

t.test('the registry of databricks-uc has the same policy', async (t) => {
  const pending = { ...version('acc.ml.fraud', '5'), copying: true as const }
  const foreign = { ...version('prod.ml.fraud', '6'), copying: true as const }
  const growing = { ...facts, versions: [...facts.versions, pending, foreign] }
  const table = endpointTable('unityCatalog')
  const decided = (caller: Environment, name: string, fields: Readonly<Record<string, unknown>>) => {
    const endpoint = table.open.get(name)
    if (endpoint === undefined) throw new Error(`there is no ${name}`)
    return verdictOf(judge(config, caller, { endpointName: name, endpoint, message: toMessage(fields) }, growing))
  }
  const [read, write] = ['MODEL_VERSION_OPERATION_READ', 'MODEL_VERSION_OPERATION_READ_WRITE']
  const credentials: readonly (readonly [Environment, string, string, string, string])[] = [
    [acc, 'fraud', '1', read, 'allow'],
    [acc, 'acc.ml.fraud', '1', read, 'allow'],
    [acc, 'fraud', '1', write, 'read-only'],
    [acc, 'fraud', '5', write, 'allow'],
    [acc, 'fraud', '2', read, 'production-version'],
    [acc, 'fraud', '2', write, 'production-version'],
    [acc, 'fraud', '5', 'MODEL_VERSION_OPERATION_UNSPECIFIED', 'invalid-parameter'],
    [acc, 'prod.ml.fraud', '1', read, 'foreign-name'],
    [acc, 'prod.ml.fraud', '6', write, 'foreign-name'],
    [prod, 'acc.ml.fraud', '1', read, 'allow'],
    [prod, 'acc.ml.fraud', '5', write, 'read-only'],
    [preprod, 'acc.ml.fraud', '1', read, 'foreign-name'],
    [acc, 'fraud', '9', read, 'not-found'],
  ]
  for (const [caller, name, number, operation, expected] of credentials) {
    const fields = { name, version: number, operation }
    t.equal(decided(caller, 'getCatalogVersionCredentials', fields), expected, `${caller.name} ${operation} ${name}/${number}`)
  }
  t.equal(decided(acc, 'getCatalogVersionCredentials', { name: 'fraud', version: '5' }), 'invalid-parameter', 'never by default')
  const kept = { name: 'fraud', version: '2' }
  const changes: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['getCatalogVersion', kept],
    ['getCatalogVersionLocation', kept],
    ['updateCatalogVersion', { ...kept, description: 'x' }],
    ['deleteCatalogVersion', kept],
    ['finalizeCatalogVersion', kept],
    ['setCatalogVersionTag', { ...kept, key: 'a', value: 'b' }],
    ['deleteCatalogVersionTag', { ...kept, key: 'a' }],
    ['noteCatalogLineage', kept],
    ['setCatalogAlias', { ...kept, alias: 'mine' }],
    ['deleteCatalogAlias', { name: 'fraud', alias: 'champion' }],
    ['getCatalogVersionByAlias', { name: 'fraud', alias: 'live' }],
    ['deleteCatalogModel', { name: 'fraud' }],
    ['updateCatalogModel', { name: 'fraud', new_name: 'other' }],
  ]
  for (const [name, fields] of changes) {
    t.equal(decided(acc, name, fields), 'production-version', name)
    t.equal(decided(acc, name, { ...fields, name: 'prod.ml.fraud' }), 'foreign-name', `${name} of another environment`)
    t.equal(
      decided(prod, name, { ...fields, name: 'fraud', ...('version' in fields ? { version: '1' } : {}) }),
      'allow',
      `${name} of production`,
    )
  }
  t.equal(decided(acc, 'setCatalogAlias', { name: 'fraud', alias: 'live', version: '3' }), 'stage')
  t.equal(
    decided(acc, 'setCatalogVersionTag', { name: 'fraud', version: '3', key: 'mlflow_env_proxy_pending_alias', value: 'live' }),
    'invalid-parameter',
  )
  const made = (source: string, name = 'fraud') => decided(acc, 'createCatalogVersion', { name, source })
  t.equal(made('/tmp/model'), 'allow', 'the client brings the files')
  t.equal(made('models:/prod.ml.fraud/1'), 'foreign-name')
  t.equal(made('dbfs:/somewhere'), 'foreign-source')
  t.equal(made('/tmp/model', 'prod.ml.fraud'), 'foreign-name')
  const file = (caller: Environment, path: string) => [
    decided(caller, 'readWorkspaceFile', { file_path: path }),
    decided(caller, 'writeWorkspaceFile', { file_path: path, overwrite: true }),
  ]
  t.same(file(acc, 'Models/acc/ml/fraud/5/MLmodel'), ['allow', 'allow'])
  t.same(file(acc, 'Models/fraud/5/MLmodel'), ['allow', 'allow'])
  t.same(file(acc, 'Models/fraud/1/MLmodel'), ['allow', 'read-only'])
  t.same(file(acc, 'Models/fraud/2/MLmodel'), ['production-version', 'read-only'])
  t.same(file(acc, 'Models/prod/ml/fraud/6/MLmodel'), ['foreign-name', 'foreign-name'])
  t.same(file(prod, 'Models/acc/ml/fraud/5/MLmodel'), ['allow', 'read-only'])
  t.same(
    file(acc, 'Models/acc/ml/fraud/5/../6/MLmodel').every((each) => each !== 'allow'),
    true,
  )
  t.equal(decided(acc, 'uploadArtifact', { artifact_path: 'registry/fraud/5/MLmodel' }), 'read-only', 'not by the other door')
})

const nativeTable = endpointTable('unityCatalog').open
const native = (caller: Environment, endpointName: string, fields: Readonly<Record<string, unknown>>) => {
  const endpoint = nativeTable.get(endpointName)
  if (endpoint === undefined) throw new Error(`the table has no ${endpointName}`)
  return judge(config, caller, { endpointName, endpoint, message: toMessage(fields) }, facts)
}

t.test('Unity Catalog’s own API is another spelling of MLflow’s, with the same policy', async (t) => {
  const three = (catalog_name: string, name: string, last = 'model_name') => ({ catalog_name, schema_name: 'ml', [last]: name })
  const write = 'READ_WRITE_MODEL_VERSION'
  const rows: readonly (readonly [Environment, string, Readonly<Record<string, unknown>>, string])[] = [
    [acc, 'createNativeModel', { ...three('acc', 'new', 'name'), comment: 'x' }, 'allow'],
    [acc, 'createNativeModel', three('ACC', 'new', 'name'), 'allow'],
    [acc, 'createNativeModel', three('prod', 'new', 'name'), 'foreign-name'],
    [prod, 'createNativeModel', three('acc', 'new', 'name'), 'read-only'],
    [acc, 'createNativeModel', three('legacy', 'new', 'name'), 'invalid-parameter'],
    [acc, 'createNativeModel', { catalog_name: 'acc', schema_name: 'ml.x', name: 'y' }, 'invalid-parameter'],
    [acc, 'createNativeModel', { catalog_name: '', schema_name: 'prod.ml', name: 'y' }, 'invalid-parameter'],
    [acc, 'createNativeModel', { name: 'new' }, 'invalid-parameter'],
    [acc, 'createNativeModel', { ...three('acc', 'new', 'name'), storage_location: 'abfss://x' }, 'invalid-parameter'],
    [acc, 'listNativeModels', {}, 'allow'],
    [acc, 'listNativeModels', { catalog_name: 'acc', schema_name: 'ML' }, 'allow'],
    [acc, 'listNativeModels', { catalog_name: 'prod', schema_name: 'ml' }, 'foreign-name'],
    [prod, 'listNativeModels', { catalog_name: 'acc', schema_name: 'ml' }, 'foreign-name'],
    [acc, 'listNativeModels', { catalog_name: 'acc' }, 'invalid-parameter'],
    [acc, 'listNativeModels', { schema_name: 'ml' }, 'invalid-parameter'],
    [acc, 'getNativeModel', { full_name: 'acc.ml.fraud', include_aliases: true }, 'allow'],
    [acc, 'getNativeModel', { full_name: 'fraud' }, 'allow'],
    [acc, 'getNativeModel', { full_name: 'prod.ml.fraud' }, 'foreign-name'],
    [prod, 'getNativeModel', { full_name: 'acc.ml.fraud' }, 'allow'],
    [acc, 'updateNativeModel', { full_name: 'acc.ml.fraud', comment: 'x' }, 'allow'],
    [acc, 'updateNativeModel', { full_name: 'acc.ml.plain', new_name: 'other' }, 'allow'],
    [acc, 'updateNativeModel', { full_name: 'acc.ml.plain', new_name: 'prod.ml.other' }, 'foreign-name'],
    [acc, 'updateNativeModel', { full_name: 'acc.ml.fraud', new_name: 'other' }, 'production-version'],
    [prod, 'updateNativeModel', { full_name: 'acc.ml.fraud', comment: 'x' }, 'read-only'],
    [acc, 'deleteNativeModel', { full_name: 'acc.ml.plain' }, 'allow'],
    [acc, 'deleteNativeModel', { full_name: 'acc.ml.plain', force: true }, 'invalid-parameter'],
    [acc, 'deleteNativeModel', { full_name: 'acc.ml.fraud' }, 'production-version'],
    [acc, 'setNativeAlias', { full_name: 'acc.ml.fraud', alias: 'challenger', version_num: 3 }, 'allow'],
    [acc, 'setNativeAlias', { full_name: 'acc.ml.fraud', alias: ' LIVE', version_num: 3 }, 'stage'],
    [acc, 'setNativeAlias', { full_name: 'acc.ml.fraud', alias: 'champion', version_num: 3 }, 'production-version'],
    [acc, 'setNativeAlias', { full_name: 'acc.ml.fraud', alias: 'mine', version_num: 2 }, 'production-version'],
    [acc, 'setNativeAlias', { full_name: 'acc.ml.fraud', alias: 'mine', version_num: 9 }, 'not-found'],
    [acc, 'setNativeAlias', { full_name: 'acc.ml.fraud', alias: 'mine', version_num: 0 }, 'invalid-parameter'],
    [acc, 'setNativeAlias', { full_name: 'acc.ml.fraud', alias: 'mine' }, 'invalid-parameter'],
    [acc, 'setNativeAlias', { full_name: 'prod.ml.fraud', alias: 'mine', version_num: 1 }, 'foreign-name'],
    [prod, 'setNativeAlias', { full_name: 'acc.ml.fraud', alias: 'live', version_num: 1 }, 'allow'],
    [prod, 'setNativeAlias', { full_name: 'acc.ml.fraud', alias: 'mine', version_num: 1 }, 'read-only'],
    [acc, 'deleteNativeAlias', { full_name: 'acc.ml.fraud', alias: 'staging' }, 'allow'],
    [acc, 'deleteNativeAlias', { full_name: 'acc.ml.fraud', alias: 'live' }, 'stage'],
    [acc, 'getNativeVersionByAlias', { full_name: 'acc.ml.fraud', alias: 'staging' }, 'allow'],
    [acc, 'getNativeVersionByAlias', { full_name: 'acc.ml.fraud', alias: 'champion' }, 'production-version'],
    [acc, 'createNativeVersion', { ...three('acc', 'plain'), source: '/tmp/x' }, 'allow'],
    [acc, 'createNativeVersion', { ...three('prod', 'plain'), source: '/tmp/x' }, 'foreign-name'],
    [acc, 'createNativeVersion', { ...three('acc', 'plain'), source: 'models:/prod.ml.fraud/1' }, 'foreign-name'],
    [acc, 'createNativeVersion', { ...three('acc', 'plain'), source: 'models:/fraud/2' }, 'production-version'],
    [acc, 'createNativeVersion', { ...three('acc', 'plain'), source: 'abfss://c@a.dfs/x' }, 'foreign-source'],
    [acc, 'createNativeVersion', { ...three('acc', 'plain'), source: '/tmp/x', run_id: 'f'.repeat(32) }, 'not-found'],
    [acc, 'listNativeVersions', { full_name: 'acc.ml.fraud' }, 'allow'],
    [acc, 'listNativeVersions', { full_name: 'prod.ml.fraud' }, 'foreign-name'],
    [acc, 'listNativeVersions', { full_name: "x' OR name = 'y" }, 'invalid-parameter'],
    [acc, 'listNativeVersions', { full_name: "o'neill" }, 'invalid-parameter'],
    [prod, 'listNativeVersions', { full_name: 'acc.ml.fraud' }, 'allow'],
    [acc, 'getNativeVersion', { full_name: 'acc.ml.fraud', version: 3 }, 'allow'],
    [acc, 'getNativeVersion', { full_name: 'acc.ml.fraud', version: 2 }, 'production-version'],
    [preprod, 'getNativeVersion', { full_name: 'acc.ml.fraud', version: 3 }, 'foreign-name'],
    [acc, 'updateNativeVersion', { full_name: 'acc.ml.fraud', version: 3, comment: 'x' }, 'allow'],
    [acc, 'updateNativeVersion', { full_name: 'acc.ml.fraud', version: 2, comment: 'x' }, 'production-version'],
    [acc, 'deleteNativeVersion', { full_name: 'acc.ml.fraud', version: 3 }, 'allow'],
    [acc, 'deleteNativeVersion', { full_name: 'acc.ml.fraud', version: 2 }, 'production-version'],
    [prod, 'deleteNativeVersion', { full_name: 'acc.ml.fraud', version: 3 }, 'read-only'],
    [acc, 'finalizeNativeVersion', { full_name: 'acc.ml.fraud', version: 3 }, 'allow'],
    [acc, 'finalizeNativeVersion', { full_name: 'prod.ml.fraud', version: 1 }, 'foreign-name'],
    [acc, 'getNativeVersionCredentials', { ...three('acc', 'fraud'), version: 3, operation: 'READ_MODEL_VERSION' }, 'allow'],
    [acc, 'getNativeVersionCredentials', { ...three('acc', 'fraud'), version: 3, operation: write }, 'read-only'],
    [acc, 'getNativeVersionCredentials', { ...three('acc', 'fraud'), version: 2, operation: write }, 'production-version'],
    [acc, 'getNativeVersionCredentials', { ...three('acc', 'fraud'), version: 3, operation: 'X' }, 'invalid-parameter'],
    [prod, 'getNativeVersionCredentials', { ...three('acc', 'fraud'), version: 1, operation: 'READ_MODEL_VERSION' }, 'allow'],
    [prod, 'getNativeVersionCredentials', { ...three('acc', 'fraud'), version: 1, operation: write }, 'read-only'],
    [acc, 'getNativeVersionCredentials', { ...three('prod', 'fraud'), version: 1, operation: write }, 'foreign-name'],
  ]
  for (const [caller, endpoint, fields, expected] of rows) {
    t.equal(verdictOf(native(caller, endpoint, fields)), expected, `${caller.name} ${endpoint} ${JSON.stringify(fields)}`)
  }
  const all = [...nativeTable.values()].filter(({ asks }) => asks !== undefined)
  t.same(
    all.filter(({ name }) => !rows.some(([, endpoint]) => endpoint === name)),
    [],
    'every row of it is told here',
  )
  for (const { name, asks = '', action } of all) {
    const first = nativeTable.get(asks)
    t.match(first, { action, upstreams: ['unityCatalog'] }, `${name} asks ${asks}`)
    t.equal(first?.asks, undefined, `${asks} is of the first API`)
  }
})

t.test('what is asked in one API and sent in the other loses nothing', async (t) => {
  const fields = { catalog_name: 'acc', schema_name: 'ml', model_name: 'plain', source: '/tmp/x', comment: 'c' }
  const dependencies = [{ table: { table_full_name: 'a.b.t' } }, { function: { function_full_name: 'a.b.f' } }]
  const create = grantOf(native(acc, 'createNativeVersion', { ...fields, model_version_dependencies: { dependencies } }))
  t.same(
    create.message,
    toMessage({
      source: '/tmp/x',
      description: 'c',
      model_version_dependencies: [
        { type: 'DATABRICKS_TABLE', name: 'a.b.t' },
        { type: 'DATABRICKS_UC_FUNCTION', name: 'a.b.f' },
      ],
      name: 'acc.ml.plain',
    }),
  )
  t.equal(upstreamRequest(create).target, '/api/2.0/mlflow/unity-catalog/model-versions/create')
  const shown = (caller: Environment, endpoint: string, asked: Readonly<Record<string, unknown>>, answer: unknown) => {
    const { [endpoint]: row } = Object.fromEntries(nativeTable)
    const grant = grantOf(native(caller, endpoint, asked))
    if (row === undefined) throw new Error(endpoint)
    return inAskedForm(row, grant, rewriteAnswer(grant, toMessage({ model_version: answer })))
  }
  const row = {
    name: 'acc.ml.fraud',
    version: '1',
    status: 'READY',
    user_id: 'me',
    aliases: [{ alias: 'staging', version: '1' }],
  }
  const alias = { alias_name: 'staging', version_num: 1, model_name: 'fraud', catalog_name: 'acc', schema_name: 'ml' }
  const expected = {
    model_name: 'fraud',
    catalog_name: 'acc',
    schema_name: 'ml',
    created_by: 'me',
    version: 1,
    aliases: [alias],
    status: 'READY',
  }
  for (const [caller, full_name] of [
    [acc, 'fraud'],
    [prod, 'acc.ml.fraud'],
  ] as const) {
    t.same(
      shown(caller, 'getNativeVersion', { full_name, version: 1 }, row),
      toMessage(expected),
      `${caller.name} sees it in full`,
    )
  }
  t.throws(() => shown(acc, 'getNativeVersion', { full_name: 'fraud', version: 1 }, { ...row, name: 'prod.ml.fraud' }))
  t.same(shown(acc, 'setNativeAlias', { full_name: 'fraud', alias: 'staging', version_num: 1 }, null), toMessage(alias))
  t.same(shown(acc, 'deleteNativeAlias', { full_name: 'fraud', alias: 'staging' }, null), new Map())
})
