import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { findGo } from '../scripts/setup/go.mjs'
import { renderVariants } from './fixtures/helm-variants.ts'
import { at, set } from './fixtures/manifests.ts'
import { customResources } from './harness/custom-resources.ts'
import { isFullRun } from './harness/full-run.ts'

const skip = findGo() === null && !isFullRun ? 'no Go, by which the definitions are fetched' : false

t.test('custom resources are what their operators define, and have no key that these do not know', { skip }, async (t) => {
  const known = customResources()
  const seen = new Set<string>()
  for (const [variant, manifests] of await renderVariants()) {
    for (const document of parseAllDocuments(manifests)) {
      const object = document.toJS()
      const name = `${at(object, 'apiVersion')} ${at(object, 'kind')}`
      const validate = known.get(name)
      if (validate === undefined) continue
      seen.add(name)
      t.ok(validate(object), `${variant}: ${name}`, { errors: validate.errors })
      t.notOk(validate(set(object, 'spec.misspelt', 1)), `${name} takes no other key`)
      t.notOk(validate(set(object, 'metadata.label', {})), `${name} takes no other key in its metadata`)
    }
  }
  const made = ['PodMonitor', 'PrometheusRule', 'ServiceMonitor'].map((kind) => `monitoring.coreos.com/v1 ${kind}`)
  t.strictSame([...seen].sort(), ['external-secrets.io/v1 ExternalSecret', 'gateway.networking.k8s.io/v1 HTTPRoute', ...made])
})
