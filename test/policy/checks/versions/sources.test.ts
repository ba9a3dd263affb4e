import t from 'tap'
import { liesIn } from '../../../../src/policy/checks/versions/sources.ts'
import { absentModel, absentRun, acc, inAcc, inProd, prod } from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases } from '../../../harness/check-cases.ts'

const from = (source: string, more = {}) => ({ name: 'fraud', source, ...more })

t.test('the source of a version has an owner, and it is the caller’s to read', async (t) => {
  const foreign = ['foreign-source', /must be in your own environment/] as const
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'createModelVersion', from(`runs:/${inAcc.run(1)}/m`), null],
    [acc, 'createModelVersion', from('models:/fraud/2'), null],
    [acc, 'createModelVersion', from('models:/risk/1'), ['production-version', /is in production/]],
    [acc, 'createModelVersion', from('models:/fraud_prod/1'), ['foreign-name', /another environment/]],
    [prod, 'createModelVersion', from('models:/fraud_acc/2'), null],
    [acc, 'createModelVersion', from('s3://acc-bucket/models/x'), null],
    [acc, 'createModelVersion', from('s3://prod-bucket/models/x'), foreign],
    [acc, 'createModelVersion', from('https://example.com/m'), foreign],
    [acc, 'createModelVersion', from('/etc/passwd'), ['local-source', /To use a local path/]],
    [acc, 'createModelVersion', from('s3://acc-bucket/models/../x'), ['invalid-parameter', /could be read in two ways/]],
    [acc, 'createModelVersion', from(`runs:/${inAcc.run(1)}/m`, { run_id: inAcc.run(2) }), ['invalid-parameter', /Leave run_id out, or set it to/]],
  ])
  assertAbsent(t, [acc, 'createModelVersion', from(`runs:/${inProd.run(1)}/m`), from(`runs:/${absentRun}/m`)])
  assertAbsent(t, [acc, 'createModelVersion', from(`models:/${inProd.model(1)}`), from(`models:/${absentModel}`)])
})

t.test('an experiment’s artifacts lie where the server or the environment keeps them', async (t) => {
  const create = (artifact_location: string) => ({ name: 'x', artifact_location })
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'createExperiment', create('s3://acc-bucket/models/x'), null],
    [acc, 'createExperiment', create('s3://prod-bucket/models/x'), ['foreign-source', /Leave it out to use the server's default/]],
    [acc, 'createExperiment', create('s3://acc-bucket/models/%2e%2e/x'), ['invalid-parameter', /could be read in two ways/]],
  ])
})

t.test('a plain path and its file URI are one place', async (t) => {
  t.equal(liesIn('/mnt/a/b', 'file:///mnt/a'), true)
  t.equal(liesIn('file:///mnt/a', '/mnt/a/'), true)
  t.equal(liesIn('/mnt/ab', '/mnt/a'), false)
  t.equal(liesIn('/mnt/a', ''), false)
})
