// What the proxy is compared with. Plain JavaScript for Node 20, no dependencies.
import { debianProgram } from './programs.mjs'

export const { find: findNginx, ensure: ensureNginx } = debianProgram({
  title: 'nginx',
  variable: 'NGINX',
  names: ['nginx'],
  paths: ['/usr/sbin/nginx'],
  packages: ['nginx-light'],
  purpose: 'to compare with',
})
