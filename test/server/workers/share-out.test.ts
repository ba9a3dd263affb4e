import { fileURLToPath } from 'node:url'
import t from 'tap'
import { loadConfig } from '../../../src/server/config/config.ts'
import { shareKinds } from '../../../src/server/config/limit-settings.ts'
import { shareOut } from '../../../src/server/workers/share-out.ts'

const example = fileURLToPath(new URL('../../../examples/full.yaml', import.meta.url))
const whole = loadConfig(example, { SECRETS_DIR: '/nowhere' }, { secrets: 'elsewhere' })

t.test('the parts of all workers are what the configuration allows, and nobody has none', (t) => {
  for (const count of [2, 3, 4, 7, 32]) {
    const parts = Array.from({ length: count }, (_, index) => shareOut(whole, { index, count }).limits)
    const sum = (read: (part: (typeof parts)[number]) => number) => parts.reduce((total, part) => total + read(part), 0)
    t.equal(
      sum(({ memory }) => memory),
      whole.limits.memory,
    )
    for (const kind of shareKinds)
      for (const key of ['principal', 'environment', 'everybody', 'waiting'] as const) {
        t.equal(
          sum((part) => part[kind][key]),
          whole.limits[kind][key],
          `${kind}.${key} of ${count}`,
        )
        t.ok(parts.every((part) => part[kind][key] > 0))
      }
    t.ok(
      parts.every((part) =>
        shareKinds.every(
          (kind) => part[kind].principal <= part[kind].environment && part[kind].environment <= part[kind].everybody,
        ),
      ),
      'a smaller circle has no larger part than the one around it',
    )
  }
  t.end()
})

t.test('what the upstream takes is divided, too: its workers but one, and its requests a second', (t) => {
  const rates = { registry: 40, searchRuns: 7, experiments: 7, logBatch: 47, other: 100 }
  const upstream = { ...whole.upstream, workers: 8, rates }
  const parts = [0, 1, 2].map((index) => shareOut({ ...whole, upstream }, { index, count: 3 }).upstream)
  t.same(
    parts.map(({ workers }) => workers),
    [4, 3, 3],
    '7 transfers at once, and one that stays free',
  )
  t.ok(Math.abs(parts.reduce((sum, part) => sum + (part.rates?.searchRuns ?? 0), 0) - 7) < 1e-9)
  t.end()
})
