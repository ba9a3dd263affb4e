import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { collectAfterStart } from '../../../src/server/limits/collect-after-start.ts'
import { findCollector } from '../../../src/server/limits/collector.ts'

t.test('what a start leaves is collected once, and while nothing is under way', async (t) => {
  let looks = 0
  const collectedAt: number[] = []
  const underWay = () => (looks++ < 3 ? 1 : 0)
  collectAfterStart(underWay, () => void collectedAt.push(looks))
  for (let waited = 0; collectedAt.length === 0 && waited < 100; waited++) await sleep(50)
  t.same(collectedAt, [5], 'after half a quiet second, and not at the end of the last request')
  await sleep(1_200)
  t.same([collectedAt, looks], [[5], 5], 'and never again')
})

t.test('the garbage is collected, and its memory given back', async (t) => {
  let garbage: object[] = Array.from({ length: 300_000 }, (_, index) => ({ index }))
  t.equal(garbage.length, 300_000)
  garbage = []
  const before = process.memoryUsage()
  findCollector('all')()
  const after = process.memoryUsage()
  t.ok(before.heapUsed - after.heapUsed > 5 * 1024 ** 2, 'what nobody uses')
  t.ok(after.heapTotal < before.heapTotal, 'the pages that it was in')
})
