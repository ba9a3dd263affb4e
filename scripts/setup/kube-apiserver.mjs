// Kubernetes' own API server and its store, which a long test asks about the chart. Plain JavaScript for Node 20, no dependencies.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findGo, moduleFolder } from './go.mjs'
import { Missing } from './missing.mjs'
import { debianProgram, isProgram } from './programs.mjs'
import { cacheFolder } from './python-environments.mjs'

const version = '1.37.2'
const program = 'k8s.io/kubernetes/cmd/kube-apiserver'
const folder = () => join(cacheFolder(), 'kube-apiserver', version)
const own = () => join(folder(), 'kube-apiserver')
const advice =
  'kube-apiserver could not be built: install Go 1.26 or newer, or name it with KUBE_APISERVER=/path/to/kube-apiserver.'

export const { find: findEtcd, ensure: ensureEtcd } = debianProgram({
  title: 'etcd',
  variable: 'ETCD',
  names: ['etcd'],
  packages: ['etcd-server'],
  purpose: "for the test of the chart by Kubernetes' API server",
})

export function findKubeApiserver() {
  const named = process.env.KUBE_APISERVER
  if (named && named !== 'build') return isProgram(named) ? named : null
  return isProgram(own()) ? own() : null
}

// The module itself cannot be built by `go install`: it names the parts that are published as modules of their own by folders of its repository.
function writeModule(go, place) {
  const from = moduleFolder(go, `k8s.io/kubernetes@v${version}`)
  if (from === null) throw new Missing(advice)
  const text = readFileSync(join(from, 'go.mod'), 'utf8')
  const parts = [...text.matchAll(/^\t(k8s\.io\/\S+) v0\.0\.0$/gm)].map(([, name]) => name)
  const [, language] = /^go (\S+)$/m.exec(text)
  const replaced = [...new Set(parts)].map((name) => `replace ${name} => ${name} v0${version.slice(1)}\n`).join('')
  const wanted = `tool ${program}\nrequire k8s.io/kubernetes v${version}\n${replaced}`
  writeFileSync(join(place, 'go.mod'), `module build\ngo ${language}\n${wanted}`)
}

export function ensureKubeApiserver(say) {
  // It takes six minutes of both cores: only where it is asked for.
  if (findKubeApiserver() === null && process.env.KUBE_APISERVER !== 'build') return
  ensureEtcd(say)
  if (findKubeApiserver() !== null) return
  const go = findGo()
  if (go === null) throw new Missing(advice)
  say(`go build: building Kubernetes' API server ${version} (some ten minutes, once)`)
  const place = `${folder()}.${process.pid}`
  mkdirSync(place, { recursive: true })
  writeModule(go, place)
  const run = (...args) => spawnSync(go, args, { cwd: place, env: { ...process.env, CGO_ENABLED: '0' }, stdio: 'ignore' })
  run('mod', 'tidy')
  const flags = `-s -w -X k8s.io/component-base/version.gitVersion=v${version}`
  run('build', '-trimpath', '-ldflags', flags, '-o', 'kube-apiserver', program)
  if (!isProgram(join(place, 'kube-apiserver'))) throw new Missing(advice)
  rmSync(folder(), { recursive: true, force: true })
  renameSync(place, folder())
}
