import { type Row, withContenders } from '../bench.ts'
import { burst, warmUp } from '../burst.ts'
import { product } from '../contenders/product.ts'
import { atMost, interleave, numbers } from '../figure.ts'

const [few, many] = [product(3, 'product, 3 environments'), product(1_000, 'product, 1,000 environments')]

/** What each further environment costs. */
export const environments: Row = ({ setup, requests, rounds, seconds }) =>
  withContenders([few, many], setup, async (contenders) => {
    await warmUp(contenders, requests.small)
    const samples = await interleave(contenders, rounds, (contender) => burst(contender, requests.small, 32, seconds))
    const cpu = numbers(samples, (sample) => sample.cpu)
    const title = 'CPU of a small request, 1,000 environments'
    return [{ row: 'environments', title, unit: 'µs', samples: cpu, subject: many.name, to: few.name, goal: atMost(1.05) }]
  })
