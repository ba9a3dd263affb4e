import type { Clock } from '../../src/server/hiding/clock.ts'

/** A clock that stands still until it is told to go on, waits for nothing, and counts what it was asked to wait for. */
export interface CountingClock extends Clock {
  /** How many milliseconds each wait would have taken, since the last time. */
  take(): number[]
  /** Lets time pass. */
  pass(milliseconds: number): void
}

export function countingClock(): CountingClock {
  let now = 0
  const waits: number[] = []
  return {
    now: () => now,
    until: async (moment) => {
      waits.push(moment - now)
    },
    take: () => waits.splice(0),
    pass: (milliseconds) => {
      now += milliseconds
    },
  }
}
