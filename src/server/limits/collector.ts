import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What V8's `gc` takes: young garbage alone, or all of it, with the memory given back to the machine. */
const kinds = { young: { type: 'minor' }, all: { type: 'major', flavor: 'last-resort' } } as const

/** A function that has garbage collected now; one that does nothing if V8 offers none. */
export function findCollector(kind: keyof typeof kinds): () => void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  return typeof collect === 'function' ? () => void collect(kinds[kind]) : () => undefined
}
