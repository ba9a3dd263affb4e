import { type Row, withContenders } from '../bench.ts'
import { atMost, interleave } from '../figure.ts'

/** From the start of the program to its first answer that has been to the upstream. */
export const start: Row = async ({ setup, kinds, rounds }) => {
  const samples = await interleave(kinds, Math.min(rounds, 9), (kind) =>
    withContenders([kind], setup, async ([contender]) => contender?.startMs ?? 0),
  )
  return [{ row: 'start', title: 'start', unit: 'ms', samples, to: 'plain', goal: atMost(1.5) }]
}
