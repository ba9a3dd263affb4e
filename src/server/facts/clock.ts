import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { abortSignalOf, type End } from '../network/request-end.ts'

/** What answers that must not tell anything by their time are timed with. */
export interface Clock {
  /** Milliseconds, of a clock that never goes back. */
  now(): number
  /** Resolves at that moment, and sooner when the caller is gone. */
  until(moment: number, gone?: End): Promise<void>
}

/** Milliseconds before the moment at which a timer, which knows whole milliseconds alone, hands over. */
const early = 1.5
/** How many may wait for their last moment turn by turn: more of them keep the processor busy, and hide in each other's noise. */
const mostExact = 4
let exact = 0

async function untilExactly(moment: number, gone?: End): Promise<void> {
  if (exact >= mostExact)
    return sleep(Math.max(1, moment - performance.now()), undefined, gone === undefined ? {} : { signal: abortSignalOf(gone) })
  exact += 1
  try {
    while (performance.now() < moment && gone?.aborted !== true) await turn()
  } finally {
    exact -= 1
  }
}

/** The clock of the process. It is exact: what a timer rounds would depend on when it was set, and so on what was found. */
export const processClock: Clock = {
  now: () => performance.now(),
  until: async (moment, gone) => {
    try {
      const rest = moment - early - performance.now()
      if (rest >= 1) await sleep(rest, undefined, gone === undefined ? {} : { signal: abortSignalOf(gone) })
      await untilExactly(moment, gone)
    } catch (error) {
      if (gone?.aborted !== true) throw error
    }
  },
}
