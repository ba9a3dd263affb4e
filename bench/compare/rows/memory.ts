import { setTimeout as sleep } from 'node:timers/promises'
import { type Row, withContenders } from '../bench.ts'
import { burst } from '../burst.ts'
import { atMost, interleave, numbers } from '../figure.ts'
import { mostRss, rssMiB } from '../process-cost.ts'
import { transfer } from './artifacts.ts'

/** Resident memory of a fresh process: idle, at 32 clients, and while an artifact goes either way. */
export const memory: Row = async ({ setup, requests, kinds, rounds }) => {
  const samples = await interleave(kinds, Math.min(rounds, 3), (kind) =>
    withContenders([kind], setup, async (contenders) => {
      const [contender] = contenders
      const pid = contender?.pid
      if (!contender || !pid) throw new Error(`${kind.name} has no process`)
      await sleep(2_000)
      const idle = rssMiB(pid)
      const busy = await mostRss(pid, () => burst(contender, requests.small, 32, 4))
      const streaming = await mostRss(pid, async () => {
        await transfer(contender, requests, 'down')
        await transfer(contender, requests, 'up')
      })
      return { idle, busy, streaming }
    }),
  )
  const figure = (title: string, of: (sample: (typeof samples)[string][number]) => number) =>
    ({ row: 'memory', title, unit: 'MiB', samples: numbers(samples, of), to: 'plain', goal: atMost(1) }) as const
  return [
    figure('memory, idle', ({ idle }) => idle),
    figure('memory, 32 clients', ({ busy }) => busy),
    figure('memory, artifacts of 1 GiB', ({ streaming }) => streaming),
  ]
}
