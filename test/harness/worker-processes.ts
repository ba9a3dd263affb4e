import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** The processes that a process has started, the oldest first. */
export function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))
  return pids.map(Number).filter((pid) => parentOf(pid) === parent)
}

function parentOf(pid: number): number {
  try {
    const [, fields = ''] = /\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return Number(fields.split(' ')[1])
  } catch {
    return 0 // it has ended
  }
}

function socketsOf(pid: number): ReadonlySet<string> {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return '' // it was closed meanwhile
    }
  })
  return new Set(links.flatMap((link) => /^socket:\[([0-9]+)\]$/.exec(link)?.[1] ?? []))
}

/** The ports of the clients whose TCP connections a process has. */
export function clientPortsOf(pid: number): ReadonlySet<number> {
  const own = socketsOf(pid)
  const rows = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1)
  const fields = rows.map((row) => row.trim().split(/\s+/))
  return new Set(
    fields.flatMap(([, , remote = '', , , , , , , inode = '']) => (own.has(inode) ? [Number(`0x${remote.split(':')[1]}`)] : [])),
  )
}
