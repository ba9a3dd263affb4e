import type { Turns } from '../../policy/turns.ts'
import { othersTurn } from './others-turn.ts'

/** Milliseconds of work before others get their turn. One turn more may end after it, and ends soon. */
const longest = 1

/** Charges the bytes of memory that work has taken so far: null if there is room for them, otherwise when there is. */
export type Charge = (bytes: number) => Promise<void> | null

/** Works for a while; if it is not done by then, gives what to wait for before it goes on. */
function turn<T>(work: Turns<T>, now: () => number, charge?: Charge): IteratorReturnResult<T> | Promise<void> {
  let rests: number | null = null // most work is done in its first step
  for (let step = work.next(); ; step = work.next()) {
    if (step.done) return step
    const room = step.value === undefined ? null : charge?.(step.value)
    if (room != null) return room
    rests ??= now() + longest
    if (now() >= rests) return othersTurn()
  }
}

async function inMoreTurns<T>(work: Turns<T>, wait: Promise<void>, now: () => number, charge?: Charge): Promise<T> {
  for (let waits = wait; ; ) {
    await waits
    const done = turn(work, now, charge)
    if (!(done instanceof Promise)) return done.value
    waits = done
  }
}

/**
 * Does work of any size, and lets others go on every two milliseconds. What is done by then is there at once. Throws what the work throws, and
 * what refuses it memory.
 */
export function inTurns<T>(work: Turns<T>, now = () => performance.now(), charge?: Charge): T | Promise<T> {
  const done = turn(work, now, charge)
  return done instanceof Promise ? inMoreTurns(work, done, now, charge) : done.value
}
