import t from 'tap'
import { explainPlan } from '../../src/commands/explain-plan.ts'
import { askingChecks } from '../../src/policy/checks/asking-checks.ts'
import { staticChecks } from '../../src/policy/checks/static-checks.ts'
import { endpointTable, openEndpoints } from '../../src/policy/endpoints/endpoint-table.ts'
import { meaningTable } from '../../src/policy/meanings/meaning-table.ts'
import { planOf } from '../../src/policy/plan.ts'
import { mappers } from '../../src/rewrite/request/mappers.ts'

const endpoints = (['mlflow', 'databricks', 'unityCatalog'] as const).flatMap((kind) => [
  ...endpointTable(kind, 'http').open.values(),
  ...(kind === 'mlflow' ? [] : endpointTable(kind, 'databricks').open.values()),
])

function planFor(name: string) {
  const endpoint = openEndpoints.get(name)
  if (endpoint === undefined) throw new Error(`the table has no ${name}`)
  const { staticChecks, askingChecks, audited } = planOf(endpoint)
  return { endpoint, checks: [...staticChecks.keys(), ...askingChecks.keys()], audited }
}

t.test('a request runs the checks of its endpoint and no others, in the order of all', async (t) => {
  t.same(planFor('getRun').checks, ['requiredFields', 'oneRunId', 'runs'])
  t.same(planFor('logMetric').checks, ['reader', 'requiredFields', 'oneRunId', 'runs', 'loggedModels', 'notFrozen'])
  const order = [...Object.keys(staticChecks), ...Object.keys(askingChecks)]
  for (const endpoint of endpoints) {
    const plan = planOf(endpoint)
    const names = [...plan.staticChecks.keys(), ...plan.askingChecks.keys()]
    t.same(
      names,
      order.filter((name) => names.includes(name)),
      endpoint.name,
    )
  }
})

t.test(
  'every check that a meaning names is run for every endpoint with a field of it, but where its row says why not',
  async (t) => {
    for (const endpoint of endpoints) {
      const plan = planOf(endpoint)
      const named = Object.values(endpoint.fields).flatMap((meaning) => {
        const row = meaningTable[meaning]
        return 'checks' in row ? row.checks : []
      })
      const missing = named.filter((name) => !plan.staticChecks.has(name) && !plan.askingChecks.has(name))
      t.same(
        missing.filter((name) => name !== 'versions'),
        [],
        endpoint.name,
      )
    }
  },
)

t.test('every check is run for some endpoint, and every meaning is used', async (t) => {
  const run = new Set(endpoints.flatMap((each) => [...planOf(each).staticChecks.keys(), ...planOf(each).askingChecks.keys()]))
  t.same(
    [...Object.keys(staticChecks), ...Object.keys(askingChecks)].filter((name) => !run.has(name)),
    [],
  )
  const used = new Set<string>(endpoints.flatMap(({ fields }) => Object.values(fields)))
  t.same(
    Object.keys(meaningTable).filter((meaning) => !used.has(meaning)),
    [],
  )
  t.same(Object.keys(mappers).sort(), Object.keys(meaningTable).sort())
})

t.test('a plan is made once, and can be read', async (t) => {
  const { endpoint, audited } = planFor('logBatch')
  t.equal(planOf(endpoint), planOf(endpoint))
  t.same(audited, [
    ['run', 'run_id'],
    ['run', 'metrics[].run_id'],
    ['loggedModel', 'metrics[].model_id'],
  ])
  t.matchOnly(explainPlan(endpoint), /asks for +runs, loggedModels, relatedRuns, tags, notFrozen\n/)
  t.matchOnly(explainPlan(endpoint), /metrics\[\]\.model_id \(loggedModel\)\n {2}checks +loggedModels\n/)
  t.matchOnly(explainPlan(endpoint), /params \(free\)\n {2}checks +none: it names nothing\n/)
})
