import t from 'tap'
import { grantOf } from '../../../fakes/fake-fact-source.ts'
import { absentTrace, acc, inAcc, inProd, openSourceTenancy, prod, strayTrace } from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases, judgeIn } from '../../../harness/check-cases.ts'

const trace = (trace_id: string) => ({ trace_id })

t.test('a trace is its environment’s, and read also by whoever promotes what its run made', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'getTraceInfo', trace(inAcc.trace(1)), null],
    [prod, 'getTraceInfo', trace(inAcc.trace(2)), null],
    [prod, 'getTraceInfo', trace(inAcc.trace(3)), ['not-found', /^Trace with ID/]],
    [prod, 'getTraceInfo', trace(strayTrace), ['not-found', /^Trace with ID/]],
    [prod, 'setTraceTag', { ...trace(inAcc.trace(2)), key: 'a', value: 'b' }, ['not-found', /^Trace with ID/]],
  ])
  assertAbsent(t, [acc, 'getTraceInfo', trace(inProd.trace(1)), trace(absentTrace)])
  assertAbsent(t, [acc, 'setTraceTag', { ...trace(inProd.trace(1)), key: 'a' }, { ...trace(absentTrace), key: 'a' }])
})

t.test('a new trace is nobody’s so far, or the caller’s own', async (t) => {
  const start = (trace_id: string) => ({
    trace: { trace_info: { trace_id, trace_location: { mlflow_experiment: { experiment_id: inAcc.experiment } } } },
  })
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'startTrace', start(absentTrace), null],
    [acc, 'startTrace', start(inAcc.trace(1)), null],
    [acc, 'startTrace', start(inProd.trace(1)), ['not-found', /^Trace with ID/]],
    [acc, 'startTrace', start('tr-../x'), ['invalid-parameter', /32 lower-case hexadecimal digits/]],
  ])
})

t.test('of traces that are looked for, the usable alone are asked for', async (t) => {
  const ids = [inAcc.trace(1), inProd.trace(1), absentTrace]
  const { context } = grantOf(judgeIn(openSourceTenancy, acc, 'batchGetTraceInfos', { trace_ids: ids }))
  t.same([...context.visibleTraces], [inAcc.trace(1)])
  t.same([...context.passedOver], [inProd.trace(1), absentTrace])
})

t.test('a trace that is still on its way is waited for, another’s as long', async (t) => {
  const attempts = (id: string) => {
    const { questions } = judgeIn(openSourceTenancy, acc, 'linkTracesToRun', { trace_ids: [id], run_id: inAcc.run(1) })
    return questions.filter(({ about }) => about === 'traces').length
  }
  t.equal(attempts(inAcc.trace(1)), 1)
  t.equal(attempts(absentTrace), 13)
  t.equal(attempts(inProd.trace(1)), 13)
})

t.test('a deletion names traces or a time', async (t) => {
  const some = { experiment_id: inAcc.experiment, request_ids: [inAcc.trace(1)] }
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'deleteTraces', some, null],
    [acc, 'deleteTraces', { experiment_id: inAcc.experiment, max_timestamp_millis: 1, max_traces: 1 }, null],
    [acc, 'deleteTraces', { ...some, max_timestamp_millis: 1 }, ['invalid-parameter', /Only one of/]],
    [acc, 'deleteTraces', { ...some, max_traces: 1 }, ['invalid-parameter', /`max_traces` can't be specified/]],
  ])
})
