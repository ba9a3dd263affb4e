import t from 'tap'
import type { Environment, PolicyConfig } from '../../src/policy/environments/environment.ts'
import { upstreamRequest } from '../../src/rewrite/request/upstream-request.ts'
import { grantOf, judge, makeEnvironment, requestTo } from '../fakes/fake-fact-source.ts'

const [run, foreignRun] = ['1'.repeat(32), '3'.repeat(32)]
const facts = {
  experiments: [
    { id: '7', name: '/experiments/acc/churn' },
    { id: '9', name: '/experiments/prod/churn' },
  ],
  runs: [
    { id: run, experimentId: '7', artifactUri: `mlflow-artifacts:/7/${run}/artifacts` },
    { id: foreignRun, experimentId: '9', artifactUri: `mlflow-artifacts:/9/${foreignRun}/artifacts` },
  ],
  loggedModels: [],
  versions: [
    { name: 'fraud_acc', version: '1', stage: 'Staging', source: '', runId: run, pendingStage: null },
    { name: 'fraud_acc', version: '2', stage: 'Production', source: '', runId: run, pendingStage: null },
    { name: 'fraud_preprod', version: '1', stage: 'Staging', source: '', runId: null, pendingStage: null },
  ],
} as const

/** acc in shadow, which may promote from preprod; and prod, in shadow too or not. */
function landscape(prodInShadow: boolean): { acc: Environment; config: PolicyConfig } {
  const acc = makeEnvironment('acc', { enforcement: 'shadow', promotesFrom: ['preprod'] })
  const shadow = prodInShadow ? { enforcement: 'shadow' as const } : {}
  const prod = makeEnvironment('prod', { production: true, promotesFrom: ['acc'], ...shadow })
  return { acc, config: { environments: [acc, makeEnvironment('preprod'), prod], foldsCase: false } }
}

type Fields = Readonly<Record<string, unknown>>
const moveTo = (stage: string, version = '1', name = 'fraud'): [string, Fields] => [
  'transitionModelVersionStage',
  { name, version, stage },
]

/** `allow`, `shadow REASON` for what is let pass, or the reason of the refusal. */
function verdict(prodInShadow: boolean, [endpoint, fields]: readonly [string, Fields], reader = false): string {
  const { acc, config } = landscape(prodInShadow)
  const { decision } = judge(config, acc, { ...requestTo(endpoint, fields), reader }, facts)
  if ('deny' in decision) return decision.deny.reason
  const { wouldRefuse } = decision.allow.context
  return wouldRefuse === null ? 'allow' : `shadow ${wouldRefuse.reason}`
}

t.test('an environment in shadow lets pass what its own rules refuse, and says so', async (t) => {
  t.equal(verdict(true, moveTo('Archived')), 'allow', 'what is allowed is allowed')
  t.equal(verdict(true, moveTo('Production')), 'shadow stage')
  t.equal(verdict(true, moveTo('Staging', '2')), 'shadow production-version')
  t.equal(verdict(true, ['deleteRun', { run_id: run }]), 'shadow frozen')
  t.equal(verdict(true, ['deleteRun', { run_id: run }], true), 'shadow read-only', 'a reader')
})

t.test('what is let pass has the environment’s own names', async (t) => {
  const { acc, config } = landscape(true)
  const grant = grantOf(judge(config, acc, requestTo(...moveTo('Production')), facts))
  t.match(upstreamRequest(grant).body, '"name":"fraud_acc"')
})

t.test('other environments are as far as ever', async (t) => {
  t.equal(verdict(true, ['getRun', { run_id: foreignRun }]), 'not-found')
  t.equal(verdict(true, ['deleteRun', { run_id: foreignRun }], true), 'read-only')
  t.equal(verdict(true, ['getRegisteredModel', { name: 'fraud_prod' }]), 'foreign-name')
  t.equal(verdict(true, moveTo('Production', '1', 'fraud_preprod')), 'stage', 'promotion in place is for production environments')
  t.equal(verdict(true, moveTo('Archived', '1', 'fraud_preprod')), 'read-only')
})

t.test('as long as a production environment enforces, what protects it is enforced', async (t) => {
  t.equal(verdict(false, moveTo('Production')), 'stage')
  t.equal(verdict(false, moveTo('Staging', '2')), 'production-version')
  t.equal(verdict(false, ['deleteRun', { run_id: run }]), 'frozen')
  t.equal(verdict(false, ['deleteRun', { run_id: run }], true), 'read-only', 'nor may a reader what a caller may not')
  t.equal(verdict(false, ['createRun', { experiment_id: '7' }], true), 'shadow read-only')
})
