import t from 'tap'
import { isPromotedFrom, receives } from '../../../src/policy/promotions/promotion-rule.ts'
import { acc, config, inAcc, inPreprod, makeVersion, openSourceTenancy, preprod, prod, tenancy } from '../../fixtures/tenancy.ts'
import { assertCases } from '../../harness/check-cases.ts'

const rule = (from: string, to: string) => ({ from, to, approvers: ['x'], people: 2, requiredTags: [], metrics: [] }) as const
const withRules = (...promotions: readonly ReturnType<typeof rule>[]) => ({
  ...openSourceTenancy,
  config: { ...config, promotions },
})
const chain = withRules(rule('acc', 'preprod'), rule('preprod', 'prod'))
const frozen = (what: string) => ['frozen', new RegExp(`promoted or about to be is made of this ${what}`)] as const

t.test('an environment receives what others received before', async (t) => {
  t.ok(receives(chain.config, preprod, acc))
  t.ok(receives(chain.config, prod, preprod))
  t.ok(receives(chain.config, prod, acc), 'by way of preprod')
  t.notOk(receives(chain.config, acc, prod))
  t.notOk(receives(config, prod, acc), 'without rules')
  t.notOk(isPromotedFrom(chain.config, prod))
  const circle = withRules(rule('acc', 'preprod'), rule('preprod', 'acc')).config
  t.ok(receives(circle, acc, preprod) && receives(circle, preprod, acc))
  t.notOk(receives(circle, acc, acc))
})

const promoted = makeVersion('fraud_preprod/9', { source: 'models:/fraud_acc/2', runId: inAcc.run(1) })
const facts = { ...tenancy, versions: [makeVersion('fraud_acc/2', { runId: inAcc.run(1) }), promoted] }

t.test('what a version in another environment was promoted from stays as it is, in production or not', async (t) => {
  const changes = [
    [acc, 'deleteRun', { run_id: inAcc.run(1) }, frozen('run')],
    [acc, 'setTag', { run_id: inAcc.run(1), key: 'x', value: 'y' }, frozen('run')],
    [acc, 'deleteModelVersion', { name: 'fraud', version: '2' }, frozen('version')],
    [acc, 'deleteRun', { run_id: inAcc.run(2) }, null],
  ] as const
  assertCases(t, changes, chain, facts)
  assertCases(t, [[acc, 'deleteRun', { run_id: inAcc.run(1) }, null]], openSourceTenancy, facts)
})

t.test('what somebody asks to promote stays as it is, for the environment that it is of', async (t) => {
  const asked = { ...tenancy, versions: [makeVersion('fraud_acc/2', { runId: inAcc.run(1), asked: true })] }
  assertCases(t, [[acc, 'deleteRun', { run_id: inAcc.run(1) }, frozen('run')]], chain, asked)
  const fromProd = withRules(rule('prod', 'preprod'))
  const inProduction = { ...tenancy, versions: [makeVersion('x_prod/1', { runId: 'f'.repeat(32) })] }
  assertCases(t, [[acc, 'deleteRun', { run_id: inAcc.run(1) }, null]], fromProd, inProduction)
})

t.test('whoever received a version reads what it is made of, and nothing else of the other environment', async (t) => {
  assertCases(
    t,
    [
      [preprod, 'getRun', { run_id: inAcc.run(1) }, null],
      [preprod, 'getRun', { run_id: inAcc.run(2) }, ['not-found', /./]],
      [preprod, 'setTag', { run_id: inAcc.run(1), key: 'x', value: 'y' }, ['not-found', /./]],
      [preprod, 'getModelVersion', { name: 'fraud_acc', version: '2' }, ['foreign-name', /./]],
      [preprod, 'createModelVersion', { name: 'x', source: 'models:/fraud_acc/2' }, ['foreign-name', /./]],
    ],
    chain,
    facts,
  )
  assertCases(t, [[preprod, 'getRun', { run_id: inAcc.run(1) }, ['not-found', /./]]], openSourceTenancy, facts)
  t.equal(inPreprod.environment.promotesFrom.length, 0)
})
