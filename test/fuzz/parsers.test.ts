import t from 'tap'
import { searchInputs } from '../../fuzz/parsers/guided.ts'
import { literals } from '../../fuzz/parsers/instrument.ts'
import { loadTargets, showInput } from '../../fuzz/parsers/run.ts'
import { isFullRun } from '../harness/full-run.ts'

const today = Math.floor(Date.now() / 86_400_000)
t.setTimeout(4 * 60_000)

const targets = await loadTargets()

t.test('the search finds what is hidden behind branches', async (t) => {
  const { parseIfJson } = await import('../../src/policy/messages/json/json-text.ts')
  const check = (input: Buffer) => {
    const value = parseIfJson(input.toString('utf8'))
    if (value instanceof Map && [...value.values()].some((item) => item instanceof Map && item.size > 0))
      throw new Error('nested')
  }
  const find = (seed: number) => {
    const effort = { seed, count: 60_000, milliseconds: 30_000 }
    return searchInputs({ name: 'hidden', seeds: ['{"a":1}'], check }, effort).findings.map(({ message }) => message)
  }
  // Not every seed finds it.
  let found: string[] = []
  for (let seed = 1; found.length === 0 && seed <= 4; seed++) found = find(seed)
  t.same(found, ['Error: nested'], 'an object in an object, from a flat one')
})

for (const target of targets) {
  t.test(`${target.name}: what is read is read in one way, printed so that it means the same, or refused`, async (t) => {
    for (const seed of [1, today]) {
      const effort = { seed, count: isFullRun ? 1_500 : 250, milliseconds: 3_000 }
      const { findings, edges } = searchInputs(target, effort, [...literals])
      t.same(
        findings.map(({ message, input }) => `${message} ${showInput(input)}`),
        [],
        `npm run fuzz -- parsers --only ${target.name} --seed ${seed}`,
      )
      t.ok(edges > 2, `${edges} branches`)
    }
  })
}
