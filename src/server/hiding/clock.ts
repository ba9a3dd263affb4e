import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'

/** Calls back when the caller's connection is gone, until the function that it returns is called. */
export type OnGone = (listener: () => void) => () => void

/** What answers that must not tell anything by their time are timed with. */
export interface Clock {
  /** Milliseconds, of a clock that never goes back. */
  now(): number
  /** Resolves at that moment, and sooner when the caller is gone. */
  until(moment: number, onGone: OnGone): Promise<void>
}

/** Milliseconds before the moment at which a timer, which knows whole milliseconds alone, hands over. */
const early = 1.5
/** How many may wait for their last moment turn by turn: more of them keep the processor busy, and hide in each other's noise. */
const mostExact = 4
let exact = 0

async function untilExactly(moment: number, { signal }: AbortController): Promise<void> {
  if (exact >= mostExact) return sleep(Math.max(1, moment - performance.now()), undefined, { signal })
  exact += 1
  try {
    while (performance.now() < moment && !signal.aborted) await turn()
  } finally {
    exact -= 1
  }
}

/** The clock of the process. It is exact: what a timer rounds would depend on when it was set, and so on what was found. */
export const processClock: Clock = {
  now: () => performance.now(),
  until: async (moment, onGone) => {
    const controller = new AbortController()
    const forget = onGone(() => controller.abort())
    try {
      const rest = moment - early - performance.now()
      if (rest >= 1) await sleep(rest, undefined, { signal: controller.signal })
      await untilExactly(moment, controller)
    } catch (error) {
      if (!controller.signal.aborted) throw error
    } finally {
      forget()
    }
  },
}
