import { readFileSync, writeFileSync } from 'node:fs'

/** MiB of memory that the process has, or had at most since `forgetPeak`. */
export function memory(kind: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${kind}:\\s*([0-9]+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))
  return Math.round(Number(found?.[1]) / 1024)
}

/** Begins to measure the most memory anew; with `--expose-gc` nothing is left of what was used before. */
export function forgetPeak(): void {
  globalThis.gc?.()
  writeFileSync('/proc/self/clear_refs', '5')
}
