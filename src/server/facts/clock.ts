import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { abortSignalOf, type End } from '../network/request-end.ts'

/** The clock for answers whose time must not reveal anything. */
export interface Clock {
  /** Milliseconds, of a clock that never goes back. */
  now(): number
  /** Resolves at that time, or earlier if the client disconnects. */
  until(moment: number, gone?: End): Promise<void>
}

/** Timers only have whole milliseconds: this many milliseconds before the time, polling takes over. */
const early = 1.5
/** How many may poll at the same time: more would keep the processor busy, and are hidden in each other's noise anyway. */
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

/** The process's clock. It must be exact: a timer's rounding would depend on when it was set, and so on what was found. */
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
