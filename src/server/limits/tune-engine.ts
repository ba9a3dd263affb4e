import { setFlagsFromString } from 'node:v8'
import { collectAfterStart } from './collect-after-start.ts'

/**
 * Calls after which V8 makes the best code of a function; 3,000 by itself. A request calls several hundred functions, most of them once: with 3,000
 * the first twenty thousand requests cost up to twice what all later ones do.
 */
const calls = 700
/** The first and last major version of Node whose V8 is known to have the flag: any other would complain on standard error. */
const tried = { first: 22, last: 25 } as const

/** Sets V8 up for a process that serves requests. `underWay`: how many there are now. */
export function tuneEngine(underWay: () => number): void {
  const major = Number.parseInt(process.versions.node, 10)
  if (major >= tried.first && major <= tried.last) setFlagsFromString(`--invocation-count-for-turbofan=${calls}`)
  collectAfterStart(underWay)
}
