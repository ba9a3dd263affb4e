// What operators define the custom resources by that the chart makes. Plain JavaScript for Node 20, no dependencies.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { findGo, moduleFolder } from './go.mjs'
import { Missing } from './missing.mjs'
import { cacheFolder } from './python-environments.mjs'

// The modules have the definitions beside their code; no operator publishes them in another registry.
const definitions = {
  'github.com/prometheus-operator/prometheus-operator@v0.85.0': ['podmonitors', 'servicemonitors', 'prometheusrules'].map(
    (name) => `example/prometheus-operator-crd/monitoring.coreos.com_${name}.yaml`,
  ),
  'sigs.k8s.io/gateway-api@v1.4.1': ['config/crd/standard/gateway.networking.k8s.io_httproutes.yaml'],
  'github.com/external-secrets/external-secrets@v1.3.2': ['config/crds/bases/external-secrets.io_externalsecrets.yaml'],
}
const names = Object.values(definitions)
  .flat()
  .map((path) => basename(path))
const folder = () => join(cacheFolder(), 'custom-resources', Object.keys(definitions).join('+').replaceAll('/', '-'))

export function findCustomResources() {
  const files = names.map((name) => join(folder(), name))
  return files.every((file) => existsSync(file)) ? files : null
}

export function ensureCustomResources(say) {
  if (findCustomResources() !== null) return
  const go = findGo()
  if (go === null) throw new Missing('Go was not found, by which the definitions of custom resources are fetched: install it.')
  say('go mod download: fetching the definitions of the custom resources that the chart makes')
  mkdirSync(join(folder(), '..'), { recursive: true })
  const partial = mkdtempSync(join(folder(), '..', 'fetch-'))
  for (const [module, paths] of Object.entries(definitions)) {
    const from = moduleFolder(go, module)
    if (from === null) throw new Missing(`${module} could not be fetched: try \`go mod download ${module}\`.`)
    for (const path of paths) copyFileSync(join(from, path), join(partial, basename(path)))
  }
  rmSync(folder(), { recursive: true, force: true })
  renameSync(partial, folder())
}
