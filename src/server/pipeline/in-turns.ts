import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Turns } from '../../policy/turns.ts'

/** Milliseconds of work before others get their turn. One turn more may end after it, and ends soon. */
const longest = 1

/** Works for a while; null if it is not done by then. */
function turn<T>(work: Turns<T>, now: () => number): IteratorReturnResult<T> | null {
  const rests = now() + longest
  for (let step = work.next(); ; step = work.next()) {
    if (step.done) return step
    if (now() >= rests) return null
  }
}

async function inMoreTurns<T>(work: Turns<T>, now: () => number): Promise<T> {
  for (;;) {
    await othersTurn()
    const done = turn(work, now)
    if (done !== null) return done.value
  }
}

/** Does work of any size, and lets others go on every two milliseconds. What is done by then is there at once. */
export function inTurns<T>(work: Turns<T>, now = () => performance.now()): T | Promise<T> {
  const done = turn(work, now)
  return done === null ? inMoreTurns(work, now) : done.value
}
