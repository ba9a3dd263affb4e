import { direct, type Row, withContenders } from '../bench.ts'
import { burst, warmUp } from '../burst.ts'
import { atMost, interleave, numbers } from '../figure.ts'

/** A small request and its answer, by one client and by 32. */
export const small: Row = ({ setup, requests, kinds, rounds, seconds }) =>
  withContenders(kinds, setup, async (contenders) => {
    await warmUp(contenders, requests.small)
    const samples = await interleave([direct(setup.upstream), ...contenders], rounds, async (contender) => ({
      one: await burst(contender, requests.small, 1, seconds),
      many: await burst(contender, requests.small, 32, seconds),
    }))
    const row = 'small'
    const behind = (of: Parameters<typeof numbers<(typeof samples)[string][number]>>[1]) => numbers(samples, of, 'direct')
    return [
      {
        row,
        title: 'CPU of a small request, 32 clients',
        unit: 'µs',
        samples: behind(({ many }) => many.cpu),
        to: 'HAProxy',
        goal: atMost(1.2),
      },
      {
        row,
        title: 'added p50, 1 client',
        unit: 'µs',
        samples: behind(({ one }, { one: bare }) => one.p50 - bare.p50),
        to: 'HAProxy',
        goal: atMost(1),
      },
      { row, title: 'p99, 1 client', unit: 'µs', samples: behind(({ one }) => one.p99), to: 'HAProxy', goal: atMost(1.3) },
      { row, title: 'p99, 32 clients', unit: 'µs', samples: behind(({ many }) => many.p99), to: 'HAProxy', goal: atMost(1.5) },
      {
        row,
        title: 'requests a second, 32 clients',
        unit: '/s',
        samples: numbers(samples, ({ many }) => many.perSecond),
        to: 'HAProxy',
        goal: null,
      },
    ]
  })
