import { findCollector } from './collector.ts'

/** Milliseconds for which nothing has to be under way. */
const quiet = 500

/**
 * Gives back, once, the memory that starting took and nobody uses: V8 keeps it for as long as little happens. It takes some tens of
 * milliseconds, so it waits for half a second at whose ends no request is under way.
 */
export function collectAfterStart(underWay: () => number, collect = findCollector('all')): void {
  let wasQuiet = false
  const timer = setInterval(() => {
    const isQuiet = underWay() === 0
    if (isQuiet && wasQuiet) {
      clearInterval(timer)
      collect()
    }
    wasQuiet = isQuiet
  }, quiet).unref()
}
