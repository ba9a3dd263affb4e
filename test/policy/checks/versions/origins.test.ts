import t from 'tap'
import { grantOf } from '../../../fakes/fake-fact-source.ts'
import { acc, inAcc, inProd, openSourceTenancy, prod } from '../../../fixtures/tenancy.ts'
import { judgeIn } from '../../../harness/check-cases.ts'

const promoted = (caller: typeof acc, endpoint: string, fields: Readonly<Record<string, unknown>>) =>
  grantOf(judgeIn(openSourceTenancy, caller, endpoint, fields)).context.promotes

t.test('what is brought into production is noted with all that it is made of', async (t) => {
  const stage = { version: '2', stage: 'Production' }
  const keys = promoted(prod, 'transitionModelVersionStage', { name: 'fraud_acc', ...stage })
  t.same([...keys].sort(), [`experiment ${inAcc.experiment}`, `run ${inAcc.run(2)}`, 'version 2 of fraud_acc'])
  const copy = promoted(prod, 'createModelVersion', { name: 'fraud', source: 'models:/fraud_acc/4' })
  t.ok(copy.includes(`logged model ${inAcc.model(2)}`), 'a copy of what a logged model is')
  t.ok(copy.includes('version 4 of fraud_acc'))
  t.ok(
    promoted(prod, 'createModelVersion', { name: 'fraud', source: `runs:/${inProd.run(1)}/m` }).includes(`run ${inProd.run(1)}`),
  )
})

t.test('who manages no production promotes nothing', async (t) => {
  t.same(promoted(acc, 'createModelVersion', { name: 'fraud', source: 'models:/fraud/2' }), [])
  t.same(promoted(acc, 'transitionModelVersionStage', { name: 'fraud', version: '1', stage: 'Staging' }), [])
})
