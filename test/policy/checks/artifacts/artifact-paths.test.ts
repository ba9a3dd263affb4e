import t from 'tap'
import { upstreamStorePath } from '../../../../src/policy/checks/artifacts/artifact-paths.ts'
import { absentExperiment, absentRun, acc, inAcc, inProd, prod } from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases } from '../../../harness/check-cases.ts'

const at = (artifact_path: string) => ({ artifact_path })
const own = `${inAcc.experiment}/${inAcc.run(1)}/artifacts/model`

t.test('a path in the store is judged by the run, model or experiment that it lies in', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'downloadArtifact', at(own), null],
    [acc, 'uploadArtifact', at(own), null],
    [acc, 'uploadArtifact', at(inAcc.experiment), ['read-only', /Only artifacts of a run/]],
    [acc, 'uploadArtifact', at(`${inAcc.frozenExperiment}/${inAcc.run(3)}/artifacts/x`), ['frozen', /made of this run/]],
    [acc, 'downloadArtifact', at(`${inAcc.experiment}/../${inProd.experiment}`), ['invalid-parameter', /path/i]],
    [acc, 'downloadArtifact', at(`${own}/${'x'.repeat(256)}`), ['invalid-parameter', /longer than 255 bytes/]],
    [acc, 'listStoredArtifacts', {}, ['read-only', /root of the artifact store/]],
    [prod, 'downloadArtifact', at(`${inAcc.experiment}/${inAcc.run(2)}/artifacts/model`), null],
    [prod, 'uploadArtifact', at(`${inAcc.experiment}/${inAcc.run(2)}/artifacts/model`), ['not-found', /No such artifact/]],
    [acc, 'createMultipartUpload', { ...at('model/x'), path: 'x', num_parts: 1 }, ['no-multipart', /Multipart upload is not supported/]],
  ])
  const inRun = (experiment: string, run: string) => at(`${experiment}/${run}/artifacts/x`)
  assertAbsent(t, [acc, 'downloadArtifact', inRun(inProd.experiment, inProd.run(1)), inRun(absentExperiment, absentRun)])
})

t.test('experiment 0 of a path is the environment’s default', async (t) => {
  t.equal(upstreamStorePath('0/x', '10'), '10/x')
  t.equal(upstreamStorePath('%30/x', '10'), '10/x', 'as MLflow reads it')
  t.equal(upstreamStorePath('00/x', '10'), '00/x')
})
