import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A control group of this machine whose processes have only so much memory together, as those of a container have. */
export interface MemoryCgroup {
  /** Starts a program in it: the program and its arguments follow. */
  readonly startedBy: readonly string[]
  /** The most that was in use, in bytes, with what of files is kept in memory. */
  peak(): number
  /** Its processes have to be gone. */
  remove(): void
}

const root = '/sys/fs/cgroup'
/** Where each version of control groups is, and what its files are called. */
const versions = [
  { parent: join(root, 'memory'), limit: 'memory.limit_in_bytes', peak: 'memory.max_usage_in_bytes' },
  { parent: root, limit: 'memory.max', peak: 'memory.peak' },
] as const

/** Null where this machine lets nobody make one. */
export function makeMemoryCgroup(name: string, bytes: number): MemoryCgroup | null {
  for (const { parent, limit, peak } of versions) {
    if (!existsSync(join(parent, 'cgroup.procs'))) continue
    const folder = join(parent, `${name}-${process.pid}`)
    try {
      mkdirSync(folder)
      if (!existsSync(join(folder, limit))) throw new Error('memory is not limited here')
      writeFileSync(join(folder, limit), String(bytes))
    } catch {
      if (existsSync(folder)) rmdirSync(folder)
      continue
    }
    return {
      startedBy: ['/bin/sh', '-c', `echo $$ > ${join(folder, 'cgroup.procs')} && exec "$@"`, 'sh'],
      peak: () => Number(readFileSync(join(folder, peak), 'utf8')),
      remove: () => rmdirSync(folder),
    }
  }
  return null
}
