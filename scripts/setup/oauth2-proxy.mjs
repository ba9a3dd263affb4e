// oauth2-proxy, whose documented recipe is run by a long test. Plain JavaScript for Node 20, no dependencies.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { findGo } from './go.mjs'
import { Missing } from './missing.mjs'
import { isProgram } from './programs.mjs'
import { cacheFolder } from './python-environments.mjs'

const version = 'v7.15.6'
const folder = () => join(cacheFolder(), 'oauth2-proxy', version)
const own = () => join(folder(), 'oauth2-proxy')
const advice =
  'oauth2-proxy was not found, and no Go to build it: install Go, or name it with OAUTH2_PROXY=/path/to/oauth2-proxy (7.14 or newer).'

export function findOauth2Proxy() {
  const named = process.env.OAUTH2_PROXY
  if (named && named !== 'build') return isProgram(named) ? named : null
  return isProgram(own()) ? own() : null
}

export function ensureOauth2Proxy(say) {
  // It takes some minutes of both cores, and the recipe rarely breaks: only where it is asked for.
  if (process.env.OAUTH2_PROXY !== 'build' || findOauth2Proxy() !== null) return
  const go = findGo()
  if (go === null) throw new Missing(advice)
  say('go install: building oauth2-proxy (some minutes, once)')
  const env = { ...process.env, GOBIN: folder(), GOFLAGS: '-mod=mod' }
  spawnSync(go, ['install', `github.com/oauth2-proxy/oauth2-proxy/v7@${version}`], { env, stdio: 'ignore' })
  if (findOauth2Proxy() === null) throw new Missing(advice)
}
