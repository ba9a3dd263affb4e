import { type Row, withContenders } from '../bench.ts'
import { burst, warmUp } from '../burst.ts'
import { atMost, interleave, numbers } from '../figure.ts'

/** A body of 50 KB whose names need no rewriting, but must be known. */
export const batch: Row = ({ setup, requests, kinds, rounds, seconds }) =>
  withContenders(kinds, setup, async (contenders) => {
    await warmUp(contenders, requests.logBatch, 1_000)
    const samples = await interleave(contenders, rounds, (contender) => burst(contender, requests.logBatch, 4, seconds))
    const cpu = numbers(samples, (sample) => sample.cpu)
    return [
      {
        row: 'batch',
        title: 'CPU of a log-batch, 560 metrics',
        unit: 'µs',
        samples: cpu,
        to: 'straightforward',
        goal: atMost(1),
      },
    ]
  })
