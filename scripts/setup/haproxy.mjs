// The load balancer of the test that restarts replicas. Plain JavaScript for Node 20, no dependencies.
import { debianProgram } from './programs.mjs'

export const { find: findHaproxy, ensure: ensureHaproxy } = debianProgram({
  title: 'HAProxy',
  variable: 'HAPROXY',
  names: ['haproxy'],
  paths: ['/usr/sbin/haproxy'],
  packages: ['haproxy'],
  purpose: 'for the test of restarts',
})
