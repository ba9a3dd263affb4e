import t from 'tap'
import { checkDemands } from '../../../../src/policy/checks/request/demands.ts'
import { openEndpoints } from '../../../../src/policy/endpoints/endpoint-table.ts'
import { toMessage } from '../../../fakes/fake-fact-source.ts'

function saidOf(name: string, fields: Readonly<Record<string, unknown>>): string | null {
  const endpoint = openEndpoints.get(name)
  if (endpoint === undefined) throw new Error(`the table has no ${name}`)
  try {
    checkDemands({ endpoint, message: toMessage(fields) })
    return null
  } catch (error) {
    return error instanceof Error ? error.message : null
  }
}

t.test('what a handler asks for by hand is said in its own order and words', async (t) => {
  t.equal(saidOf('uploadRunArtifact', {}), 'Request must specify run_uuid.')
  t.equal(saidOf('uploadRunArtifact', { run_id: 'a' }), 'Request must specify path.', 'either spelling will do')
  t.equal(saidOf('uploadRunArtifact', { run_uuid: 'a', path: '' }), 'Request must specify path.', 'empty is missing')
  t.equal(saidOf('uploadRunArtifact', { run_uuid: 'a', path: 'b' }), null)
})

t.test('an empty text is there, and of too many items the number is said', async (t) => {
  const runs = (length: number) => Array.from({ length }, (_, at) => String(at))
  t.equal(saidOf('getMetricHistoryBulk', { run_id: [] }), 'GetMetricHistoryBulk request must specify at least one run_id.')
  t.equal(saidOf('getMetricHistoryBulk', { run_id: runs(100) }), 'GetMetricHistoryBulk request must specify a metric_key.')
  t.equal(saidOf('getMetricHistoryBulk', { run_id: runs(100), metric_key: '' }), null)
  t.equal(
    saidOf('getMetricHistoryBulk', { run_id: runs(101), metric_key: '' }),
    'GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received 101 run_ids.',
  )
})
