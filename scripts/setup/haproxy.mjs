// The load balancer of the test that restarts replicas. Plain JavaScript for Node 20, no dependencies.
import { ensureFromDebian, isProgram, onPath } from './programs.mjs'

const advice = 'HAProxy was not found: install it (Debian: apt-get install haproxy), or name it with HAPROXY=/path/to/haproxy.'

/** The path of HAProxy: $HAPROXY, otherwise the first on the PATH or in Debian's folder; null if there is none. */
export function findHaproxy() {
  if (process.env.HAPROXY) return isProgram(process.env.HAPROXY) ? process.env.HAPROXY : null
  return onPath('haproxy') ?? ['/usr/sbin/haproxy'].find(isProgram) ?? null
}

/** Installs HAProxy from Debian's packages if it is missing and this user may; otherwise throws what to do, in one line. */
export function ensureHaproxy(say) {
  ensureFromDebian(
    {
      isThere: () => findHaproxy() !== null,
      isNamed: Boolean(process.env.HAPROXY),
      packages: ['haproxy'],
      doing: 'installing HAProxy for the test of restarts',
      advice,
    },
    say,
  )
}
