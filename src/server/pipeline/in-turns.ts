import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Turns } from '../../policy/turns.ts'

/** Milliseconds of work before others get their turn. One turn more may end after it, and ends soon. */
const longest = 1

/** Does work of any size, and lets others go on every two milliseconds. */
export async function inTurns<T>(work: Turns<T>, now: () => number = () => performance.now()): Promise<T> {
  let rests = now() + longest
  for (let step = work.next(); ; step = work.next()) {
    if (step.done) return step.value
    if (now() < rests) continue
    await othersTurn()
    rests = now() + longest
  }
}
