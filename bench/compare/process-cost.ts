import { readdirSync, readFileSync } from 'node:fs'

/** A process and all that it started and that still runs. */
function treeOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`)
  const children = tasks.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
  return [pid, ...children.filter((child) => child !== '').flatMap((child) => treeOf(Number(child)))]
}

function sumOf(pid: number, of: (pid: number) => number): number {
  return treeOf(pid).reduce((sum, each) => sum + of(each), 0)
}

/** Milliseconds of CPU, user and system, that a process and its children have used; in steps of 10. */
export function cpuMs(pid: number): number {
  return sumOf(pid, (each) => {
    const fields = readFileSync(`/proc/${each}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10
  })
}

/** MiB of memory that a process and its children have; what they share counts for each. */
export function rssMiB(pid: number): number {
  return sumOf(pid, (each) => {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1] ?? 0) / 1024
  })
}

/** Does something and gives the most memory that a process had meanwhile, in MiB. */
export async function mostRss(pid: number, work: () => Promise<unknown>): Promise<number> {
  let most = rssMiB(pid)
  const timer = setInterval(() => {
    most = Math.max(most, rssMiB(pid))
  }, 50)
  await work().finally(() => clearInterval(timer))
  return Math.max(most, rssMiB(pid))
}
