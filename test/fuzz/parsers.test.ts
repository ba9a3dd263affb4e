import t from 'tap'
import { searchInputs } from '../../fuzz/parsers/guided.ts'
import { literals } from '../../fuzz/parsers/instrument.ts'
import { loadTargets, showInput } from '../../fuzz/parsers/run.ts'

const today = Math.floor(Date.now() / 86_400_000)
t.setTimeout(4 * 60_000)

const targets = await loadTargets()

t.test('the search finds what is hidden behind branches', async (t) => {
  const { resolveName } = await import('../../src/policy/names.ts')
  const { makeTown } = await import('../support/town.ts')
  const { landscape } = makeTown('mlflow')
  const [environment] = landscape.environments
  if (environment === undefined) throw new Error('there is no environment')
  const check = (input: Buffer) => {
    const { owner } = resolveName(landscape, environment, 'experiment', input.toString('utf8'))
    if (owner.name === 'prod') throw new Error('a name of prod')
  }
  const effort = { seed: 1, count: 20_000, milliseconds: 60_000 }
  const { findings } = searchInputs({ name: 'hidden', seeds: ['x'], words: ['/experiments/', 'prod', '/'], check }, effort)
  t.ok(
    findings.some(({ message }) => message.includes('a name of prod')),
    'it finds a name of another environment',
  )
})

for (const target of targets) {
  t.test(`${target.name}: what is read is read in one way, printed so that it means the same, or refused`, async (t) => {
    for (const seed of [1, today]) {
      const { findings, edges } = searchInputs(target, { seed, count: 1_500, milliseconds: 3_000 }, [...literals])
      t.same(
        findings.map(({ message, input }) => `${message} ${showInput(input)}`),
        [],
        `npm run fuzz -- parsers --only ${target.name} --seed ${seed}`,
      )
      t.ok(edges > 2, `${edges} branches`)
    }
  })
}
