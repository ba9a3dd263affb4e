// What the proxy is compared with. Plain JavaScript for Node 20, no dependencies.
import { ensureFromDebian, isProgram, onPath } from './programs.mjs'

const advice = 'nginx was not found: install it (Debian: apt-get install nginx-light), or name it with NGINX=/path/to/nginx.'

/** The path of nginx: $NGINX, else the first on the PATH or where Debian has it; null where there is none. */
export function findNginx() {
  if (process.env.NGINX) return isProgram(process.env.NGINX) ? process.env.NGINX : null
  return onPath('nginx') ?? ['/usr/sbin/nginx'].find(isProgram) ?? null
}

/** Installs nginx from Debian's packages where it is missing and this user may; else says in one line what to do. */
export function ensureNginx(say) {
  ensureFromDebian(
    {
      isThere: () => findNginx() !== null,
      isNamed: Boolean(process.env.NGINX),
      packages: ['nginx-light'],
      doing: 'installing nginx to compare with',
      advice,
    },
    say,
  )
}
