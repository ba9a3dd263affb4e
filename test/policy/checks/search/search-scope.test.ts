import t from 'tap'
import { isNameClause, resolveInFilter } from '../../../../src/policy/checks/search/search-scope.ts'
import { parseFilter } from '../../../../src/policy/filter/filter-string.ts'
import { grantOf } from '../../../fakes/fake-fact-source.ts'
import { acc, config, openSourceTenancy, prod } from '../../../fixtures/tenancy.ts'
import { assertCases, judgeIn } from '../../../harness/check-cases.ts'

t.test('a search is for one environment’s rows', async (t) => {
  const scope = (filter: string) =>
    grantOf(judgeIn(openSourceTenancy, prod, 'searchModelVersions', { filter })).context.scope.name
  t.equal(scope("name = 'fraud'"), 'prod')
  t.equal(scope("name = 'fraud_acc'"), 'acc')
  t.equal(scope("name = 'fraud_preprod'"), 'prod', 'what may not be read is nobody’s rows')
  t.equal(scope("run_id = 'x'"), 'prod')
  // biome-ignore format: a table
  assertCases(t, [
    [prod, 'searchModelVersions', { filter: "name IN ('fraud', 'fraud_acc')" }, ['invalid-parameter', /models of two environments/]],
    [acc, 'searchRegisteredModels', { filter: 'name IS NULL' }, ['invalid-parameter', /IS NULL and IS NOT NULL are not served/]],
    [acc, 'searchRegisteredModels', { filter: 'name LIKE' }, ['invalid-parameter', /not quoted/]],
  ])
})

t.test('what answers leave out is not searched for', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'searchRegisteredModels', { filter: "tags.`mlflow-env-proxy.pendingStage` = 'x'" }, ['invalid-parameter', /cannot be searched for/]],
    [acc, 'searchRegisteredModels', { filter: "tags.team = 'x'" }, null],
  ])
})

t.test('names in filters', async (t) => {
  const [clause, other] = parseFilter("Name = 'x' AND tags.name = 'y'")
  t.equal(clause !== undefined && isNameClause(clause), true)
  t.equal(other !== undefined && isNameClause(other), false)
  const context = { config, environment: acc }
  t.equal(resolveInFilter(context, 'model', 'fraud')?.upstream, 'fraud_acc')
  t.equal(resolveInFilter(context, 'model', 'fraud_prod'), null)
  t.equal(resolveInFilter(context, 'model', ''), null, 'what can be no name finds nothing')
  t.equal(resolveInFilter({ config, environment: prod }, 'experiment', '/experiments/acc/x'), null, 'only models are promoted')
})

t.test('columns to sort by can be read', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'searchModelVersions', { order_by: ['name ASC', 'version_number DESC'] }, null],
    [acc, 'searchModelVersions', { order_by: ['name; DROP'] }, ['invalid-parameter', /order/i]],
  ])
})
