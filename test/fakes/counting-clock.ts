import type { Clock } from '../../src/server/facts/clock.ts'

/** A clock that goes on only as it is told, and where something waits for a moment: it is there at once. */
export interface CountingClock extends Clock {
  /** Lets milliseconds pass. */
  pass(milliseconds: number): void
}

export function countingClock(): CountingClock {
  let now = 0
  return {
    now: () => now,
    until: async (moment) => {
      now = Math.max(now, moment)
    },
    pass: (milliseconds) => {
      now += milliseconds
    },
  }
}
