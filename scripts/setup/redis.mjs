// The store of sessions that replicas share. Plain JavaScript for Node 20, no dependencies.
import { debianProgram } from './programs.mjs'

export const { find: findRedis, ensure: ensureRedis } = debianProgram({
  title: 'Redis or Valkey',
  variable: 'REDIS',
  names: ['redis-server', 'valkey-server'],
  packages: ['redis-server'],
  purpose: 'for the tests of logins on several replicas',
})
