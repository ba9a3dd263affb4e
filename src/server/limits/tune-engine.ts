import { setFlagsFromString } from 'node:v8'
import { collectAfterStart } from './collect-after-start.ts'

/**
 * Calls after which V8 makes the best code of a function; 3,000 by itself. A request calls several hundred functions, most of them once: with 3,000
 * the first twenty thousand requests cost up to twice what all later ones do.
 */
const calls = 700
/** The first and last major version of Node whose V8 is known to have these flags: any other would complain on standard error. */
const tried = { first: 22, last: 25 } as const

/** Bytes of a container's memory up to which the compiler has to save some. */
const small = 256 * 1024 * 1024
/**
 * Compiling takes some 60 MiB of memory, which is not given back. Without the second of three compilers, and with less code put into the place of calls, it
 * takes 20; the first forty thousand requests cost some tenths more.
 */
const saving = ['--no-maglev', '--max-inlined-bytecode-size-cumulative=200']

/** Sets V8 up for a process that serves requests. `underWay`: how many there are now. `memory`: bytes that its container has. */
export function tuneEngine(underWay: () => number, memory = process.constrainedMemory()): void {
  const major = Number.parseInt(process.versions.node, 10)
  if (major >= tried.first && major <= tried.last) {
    setFlagsFromString(`--invocation-count-for-turbofan=${calls}`)
    if (memory > 0 && memory <= small) for (const flag of saving) setFlagsFromString(flag)
  }
  collectAfterStart(underWay)
}
