import t from 'tap'
import { attributePair, exportedPairs } from '../../../../src/policy/checks/traces/span-attributes.ts'
import { requestTo, toJson } from '../../../fakes/fake-fact-source.ts'

const attribute = (key: string, string_value: string) => ({ key, value: { string_value } })

t.test('an attribute as a pair', async (t) => {
  t.same(attributePair(toJson(attribute('a', 'b'))), ['a', 'b'])
  t.same(attributePair(toJson({ key: 'a', value: { int_value: '1' } })), ['a', ''])
  t.same(attributePair(null), ['', ''])
})

t.test('what an export writes as tags', async (t) => {
  const spans = [{ trace_id: 'x', attributes: [attribute('mlflow.traceTag.team', '"red"'), attribute('other', 'as is')] }]
  const resource_spans = [{ resource: { attributes: [attribute('host', 'h')] }, scope_spans: [{ spans }] }]
  const pairs = exportedPairs(requestTo('exportSpans', { experiment_id: '11', resource_spans }))
  t.same(
    pairs,
    [
      ['host', 'h'],
      ['team', 'red'],
      ['other', 'as is'],
    ],
    'the prefix and the quotes of MLflow’s clients are taken off',
  )
})
