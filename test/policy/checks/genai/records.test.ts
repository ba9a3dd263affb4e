import t from 'tap'
import { absentTrace, acc, inAcc, inProd } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const records = (...list: unknown[]) => ({ dataset_id: inAcc.entity('d'), records: JSON.stringify(list) })

t.test('records say which traces and runs they were made of, and each is readable', async (t) => {
  const from = (trace_id: string) => ({ inputs: { q: inProd.trace(1) }, source: { source_data: { trace_id } } })
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'upsertDatasetRecords', records(from(inAcc.trace(1)), { inputs: { trace_id: inProd.trace(1) } }), null],
    [acc, 'upsertDatasetRecords', records(from(inProd.trace(1))), ['not-found', /^Trace with ID/]],
    [acc, 'upsertDatasetRecords', records(from(absentTrace)), ['not-found', /^Trace with ID/]],
    [acc, 'upsertDatasetRecords', records({ tags: { 'mlflow.parentRunId': inProd.run(1) } }), ['not-found', /^Run with id/]],
    [acc, 'upsertDatasetRecords', records({ tags: { note: inProd.run(1) } }), null],
    [acc, 'upsertDatasetRecords', records('text'), ['invalid-parameter', /must be a JSON list of objects/]],
    [acc, 'upsertDatasetRecords', { ...records(), records: '{}' }, ['invalid-parameter', /must be a JSON list of objects/]],
  ])
})
