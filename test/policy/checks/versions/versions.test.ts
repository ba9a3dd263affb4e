import t from 'tap'
import { canonicalStage, productionOnly, showsOnlyInAnswer } from '../../../../src/policy/checks/versions/versions.ts'
import { requestTo } from '../../../fakes/fake-fact-source.ts'
import { acc, prod } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const move = (name: string, version: string, stage: string, more = {}) => ({ name, version, stage, ...more })

t.test('who may move and change which version', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'transitionModelVersionStage', move('fraud', '1', 'Staging'), null],
    [acc, 'transitionModelVersionStage', move('fraud', '2', 'Production'), ['stage', /may not move versions to Production/]],
    [acc, 'transitionModelVersionStage', move('risk', '1', 'Archived'), ['production-version', /^Version 1 of model 'risk'/]],
    [acc, 'transitionModelVersionStage', move('fraud', '9', 'Staging'), ['not-found', /name=fraud, version=9/]],
    [acc, 'transitionModelVersionStage', move('fraud', '1', 'None', { archive_existing_versions: true }), ['invalid-parameter', /is not an Active stage/]],
    [prod, 'transitionModelVersionStage', move('fraud_acc', '2', 'Production'), null],
    [prod, 'transitionModelVersionStage', move('fraud_acc', '1', 'Production'), ['read-only', /only move its Staging versions/]],
    [acc, 'updateModelVersion', { name: 'risk', version: '1' }, ['production-version', /in production/]],
    [acc, 'deleteRegisteredModel', { name: 'risk' }, ['production-version', /^Version 1 of model 'risk'/]],
    [acc, 'deleteRegisteredModel', { name: 'fraud' }, null],
  ])
})

t.test('aliases are kept for production where they are production’s', async (t) => {
  const alias = (name: string, version?: string) => ({ name: 'fraud', alias: name, ...(version ? { version } : {}) })
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'setRegisteredModelAlias', alias('champion', '1'), null],
    [acc, 'setRegisteredModelAlias', alias('PRODUCTION', '1'), ['stage', /alias 'production' is reserved/]],
    [acc, 'deleteRegisteredModelAlias', { name: 'risk', alias: 'live' }, ['production-version', /in production/]],
    [acc, 'getModelVersionByAlias', { name: 'risk', alias: 'live' }, null],
    [prod, 'setRegisteredModelAlias', alias('production', '1'), null],
  ])
})

t.test('stages and words', async (t) => {
  t.equal(canonicalStage('sTaGing'), 'Staging')
  t.throws(() => canonicalStage('Live'), { reason: 'invalid-parameter', message: /^Invalid Model Version stage: Live\./ })
  t.throws(
    () => canonicalStage('x'.repeat(65)),
    { message: /^Invalid Model Version stage\. Value/ },
    'what is long is not repeated',
  )
  t.equal(productionOnly('a', '1').reason, 'production-version')
  t.equal(showsOnlyInAnswer(requestTo('getModelVersion', {}).endpoint), true, 'the answer says the stage')
  t.equal(showsOnlyInAnswer(requestTo('getModelVersionDownloadUri', {}).endpoint), false)
  t.equal(showsOnlyInAnswer(requestTo('updateModelVersion', {}).endpoint), false)
})
