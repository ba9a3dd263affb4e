import t from 'tap'
import { isLinkedPrompts, isPlaceTag, tagPairs } from '../../../../src/policy/checks/traces/trace-tags.ts'
import { toJson } from '../../../fakes/fake-fact-source.ts'
import { acc, inAcc, inProd, prod } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const set = (key: string, value: string) => ({ trace_id: inAcc.trace(1), key, value })
const prompts = (...names: string[]) => JSON.stringify(names.map((name) => ({ name, version: '1' })))

t.test('tags of traces point at what may be read, and none says where a trace is kept', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'setTraceTag', set('team', 'red'), null],
    [acc, 'setTraceTag', set('mlflow.artifactLocation', 's3://x'), ['invalid-parameter', /is immutable and cannot be set on a trace/]],
    [acc, 'setTraceTag', set('MLFLOW.trace.spansLocation', 'x'), ['invalid-parameter', /is immutable/]],
    [acc, 'setTraceTag', set('mlflow.linkedPrompts', prompts('fraud')), null],
    [acc, 'setTraceTag', set('mlflow.linkedPrompts', prompts('fraud', 'fraud_prod')), ['foreign-name', /belongs to another environment/]],
    [acc, 'setTraceTag', set('mlflow.linkedPrompts', '[7]'), ['invalid-parameter', /Invalid format for 'mlflow\.linkedPrompts'/]],
    [acc, 'setTraceTag', set('mlflow.sourceRun', inProd.run(1)), ['not-found', /^Run with id/]],
    [acc, 'setTraceTag', set('mlflow.assessment.scorerTraceId', inProd.trace(1)), ['not-found', /^Trace with ID/]],
    [acc, 'linkPromptsToTrace', { trace_id: inAcc.trace(1), prompt_versions: [{ name: 'fraud_prod', version: '1' }] }, ['foreign-name', /another environment/]],
  ])
})

t.test('prompts in the tags of runs are the caller’s to read', async (t) => {
  const run = (value: string, run_id = inAcc.run(1)) => ({ run_id, key: 'mlflow.linkedPrompts', value })
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'setTag', run(prompts('fraud')), null],
    [acc, 'setTag', run(prompts('fraud_prod')), ['foreign-name', /another environment/]],
    [prod, 'setTag', run(prompts('fraud_acc'), inProd.run(1)), null],
  ])
})

t.test('tags are a list of keys and values or a map', async (t) => {
  t.same(tagPairs(toJson({ a: 'b', c: 1 })), [
    ['a', 'b'],
    ['c', ''],
  ])
  t.same(tagPairs(toJson([{ key: 'a', value: 'b' }, { key: 'c' }, 'x', { value: 'y' }])), [
    ['a', 'b'],
    ['c', ''],
  ])
  t.same(tagPairs(null), [])
  t.equal(isLinkedPrompts('MLFLOW.linkedprompts'), true)
  t.equal(isPlaceTag('mlflow.trace.archiveLocation'), true)
  t.equal(isPlaceTag('mlflow.trace.session'), false)
})
