import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'

/** The part of V8's heap that `limits.memory` may be: with what it may be overdrawn by, and all else, the heap then holds. */
const partOfHeap = 1 / 3
const units: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

/** Bytes of an amount such as `512MiB`, which has the form that the schema asks for. */
export function readMemory(amount: number | string): number {
  const [, count = '', unit = ''] = /^([0-9]+)([A-Za-z]*)$/.exec(String(amount)) ?? []
  return Number(count) * (units[unit] ?? 1)
}

/** Bytes that this process has for what it reads whole: as configured, or half of what its container or machine has; as far as the heap allows. */
export function memoryLimit(configured?: number | string): number {
  // Without a container's limit Node says 0, or more than there is.
  const container = process.constrainedMemory()
  const whole = container > 0 ? Math.min(container, totalmem()) : totalmem()
  const wanted = configured === undefined ? whole / 2 : readMemory(configured)
  return Math.floor(Math.min(wanted, getHeapStatistics().heap_size_limit * partOfHeap))
}
