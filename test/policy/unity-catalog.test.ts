import t from 'tap'
import type { Environment, Landscape } from '../../src/policy/environment.ts'
import { findEndpoint } from '../../src/policy/find-endpoint.ts'
import { findLandscapeProblems } from '../../src/policy/landscape-problems.ts'
import { ownerOf, resolveName, showName } from '../../src/policy/names.ts'
import { isInProduction, protectedAliases } from '../../src/policy/production.ts'
import { Refusal } from '../../src/policy/reasons.ts'
import { clientSentence } from '../../src/rewrite/error-text.ts'
import { upstreamFilter } from '../../src/rewrite/search-filter.ts'
import { type FakeWorld, grantOf, judge, makeEnvironment, requestTo, verdictOf } from '../support/fake-world.ts'

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
const landscape: Landscape = {
  environments: [acc, preprod, prod],
  foldsCase: false,
  kind: 'databricks',
  registry: 'unityCatalog',
}

function resolved(environment: Environment, name: string): string {
  try {
    const { owner, logical, upstream } = resolveName(landscape, environment, 'model', name)
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
  t.equal(ownerOf(landscape, 'model', 'prod.ml.fraud')?.owner.name, 'prod')
  for (const name of ['fraud_prod', 'other.ml.fraud', 'prod.ml', 'prod.ml.a.b', 'fraud']) {
    t.equal(ownerOf(landscape, 'model', name), null, name)
  }
  const shown = (environment: Environment) => showName(landscape, environment, 'model', 'acc.ml.fraud')
  t.same([shown(acc), shown(prod), shown(preprod)], ['fraud', 'acc.ml.fraud', null])
  t.equal(ownerOf(landscape, 'experiment', '/experiments/acc/churn')?.logical, 'churn', 'experiments are as ever')
})

t.test('a landscape whose schemas or aliases are ambiguous is refused', async (t) => {
  const problems = (...environments: Environment[]) =>
    findLandscapeProblems({ ...landscape, environments }).map(({ environment, key }) => `${environment}.${key}`)
  t.same(problems(acc, preprod, prod), [])
  t.same(problems(acc, inCatalog('b', { unityCatalogSchema: 'ACC.ml' })), ['b.unityCatalogSchema'])
  const { unityCatalogSchema: _, ...bare } = acc
  t.same(problems(bare, preprod), ['acc.unityCatalogSchema'])
  t.same(problems(acc, inCatalog('a', { registrationAlias: 'Live' }), prod), ['a.registrationAlias'])
  t.same(problems(inCatalog('a', { registrationAlias: 'production' })), ['a.registrationAlias'])
  t.same(problems(acc, inCatalog('b', { modelSuffix: '_acc' })), ['b.modelSuffix'], 'the suffix of serving endpoints')
  const elsewhere = findLandscapeProblems({ ...landscape, registry: 'workspace', environments: [acc] })
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
const world: FakeWorld = {
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
  verdictOf(judge(landscape, caller, requestTo(endpoint, fields), world))

t.test('aliases of production environments have the policy that the stage Production has', async (t) => {
  t.same([...protectedAliases(landscape)], ['production', 'live'])
  t.ok(isInProduction(landscape, { stage: 'None', aliases: ['LIVE'] }))
  t.notOk(isInProduction(landscape, { stage: 'Production', aliases: ['champion'] }))
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
  const grant = grantOf(judge(landscape, acc, requestTo('searchModelVersions', { filter: "name='fraud'" }), world))
  const { findings, endpoint } = grant
  t.equal(upstreamFilter("name='fraud'", endpoint.search, findings), "name = 'acc.ml.fraud'")
  t.equal(upstreamFilter('', endpoint.search, findings), "name LIKE 'acc.ml.%'")
  const get = grantOf(judge(landscape, acc, requestTo('getRegisteredModel', { name: 'fraud' }), world)).findings
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
