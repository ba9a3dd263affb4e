import { searchAnswers } from '../../stub/stub-answers.ts'
import { type Bench, type Row, withContenders } from '../bench.ts'
import { burst, warmUp } from '../burst.ts'
import type { Contender } from '../contender.ts'
import { atMost, type Figure, interleave, numbers } from '../figure.ts'

const row = 'answers'

/** Nanoseconds of CPU for each byte beyond what plain forwarding takes. */
async function costOf(
  experiment: string,
  contenders: readonly Contender[],
  { requests, rounds, seconds }: Bench,
): Promise<Figure> {
  const request = requests.search(experiment)
  const bytes = searchAnswers.get(experiment)?.length ?? 0
  await warmUp(contenders, request, Math.min(3_000, 3e7 / bytes))
  const samples = await interleave(contenders, rounds, (contender) => burst(contender, request, 2, seconds))
  const cost = numbers(samples, ({ cpu }, plain) => ((cpu - plain.cpu) * 1_000) / bytes, 'plain')
  const title = `runs/search, ${experiment} KB, over plain forwarding`
  return { row, title, unit: 'ns a byte', samples: cost, to: null, goal: experiment === '1000' ? atMost(2) : null }
}

/** How long small requests wait at most while large answers go through the same process; what is nginx's is the machine's. */
async function pauses(
  experiment: string,
  contenders: readonly Contender[],
  { requests, rounds, seconds }: Bench,
): Promise<Figure> {
  await warmUp(contenders, requests.small)
  const samples = await interleave(contenders, rounds, async (contender) => {
    const large = burst(contender, requests.search(experiment, 20_000), 1, seconds)
    const { most } = await burst(contender, requests.small, 1, seconds)
    await large
    return most / 1_000
  })
  const title = `longest small request beside answers of ${Number(experiment) / 1_000} MB`
  return { row, title, unit: 'ms', samples, to: null, goal: atMost(2) }
}

/** Large answers: what their bytes cost, and whether others wait for them. */
export const answers: Row = (bench) =>
  withContenders(bench.kinds, bench.setup, async (contenders) => {
    const figures: Figure[] = []
    for (const experiment of ['10', '100', '1000']) figures.push(await costOf(experiment, contenders, bench))
    for (const experiment of ['1000', '10000']) figures.push(await pauses(experiment, contenders, bench))
    return figures
  })
