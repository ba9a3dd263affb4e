import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { findEtcd, findKubeApiserver } from '../scripts/setup/kube-apiserver.mjs'
import { readText } from './fixtures/helm-chart.ts'
import { renderVariants } from './fixtures/helm-variants.ts'
import { at, set } from './fixtures/manifests.ts'
import { definitionFiles } from './harness/custom-resources.ts'
import { type ApiServer, startApiServer } from './harness/kube-apiserver.ts'

const [server, etcd] = [findKubeApiserver(), findEtcd()]
const skip = server !== null && etcd !== null ? false : 'no kube-apiserver: KUBE_APISERVER=build builds it, in some ten minutes'

/** A namespace whose pods have to keep to the restricted Pod Security Standard. */
const namespace = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name,
    labels: { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/warn': 'restricted' },
  },
})

const objectsOf = (manifests: string) =>
  parseAllDocuments(manifests).flatMap((document): unknown[] => (document.toJS() === null ? [] : [document.toJS()]))

async function prepare(api: ApiServer): Promise<void> {
  for (const name of ['proxy', 'mlflow']) await api.apply(namespace(name), { dryRun: false })
  const definitions = definitionFiles().map((file) => parse(readFileSync(file, 'utf8')))
  for (const definition of definitions) {
    const { status, message } = await api.apply(definition, { dryRun: false })
    if (status !== 201) throw new Error(message)
  }
  for (const { spec } of definitions) {
    const probe = { apiVersion: `${spec.group}/${spec.versions[0].name}`, kind: spec.names.kind, metadata: { name: 'probe' } }
    while ((await api.apply(probe)).status === 404) await sleep(200)
  }
}

/** Objects without a namespace are the release's, as Helm has it. */
const inRelease = (object: unknown) =>
  at(object, 'metadata.namespace') === undefined ? set(Object(object), 'metadata.namespace', 'proxy') : object

async function start(t: Test): Promise<ApiServer> {
  const api = await startApiServer({ server: server ?? '', etcd: etcd ?? '' })
  t.teardown(() => api.close())
  await prepare(api)
  return api
}

t.test('Kubernetes’ own API server takes what the chart and the examples make', { skip }, async (t) => {
  t.setTimeout(240_000)
  const api = await start(t)

  await t.test('it refuses what it does not know, and what cannot be', async (t) => {
    const [service] = objectsOf((await renderVariants()).get('cluster-values.yaml') ?? '').filter(
      (object) => at(object, 'kind') === 'Service',
    )
    const good = Object(inRelease(service))
    t.match(await api.apply(set(good, 'spec.misspelt', 1)), { status: 500, message: /misspelt: field not declared/ })
    t.match(await api.apply(set(good, 'spec.ports.0.port', 70_000)), { status: 422, message: /65535/ })
    t.match(await api.apply(set(good, 'kind', 'Servant')), { status: 404 })
  })

  for (const [variant, manifests] of await renderVariants()) {
    await t.test(variant, async (t) => {
      for (const object of objectsOf(manifests)) {
        const answer = await api.apply(inRelease(object))
        t.match(answer, { status: 201 }, `${at(object, 'kind')} ${at(object, 'metadata.name')}`)
        // Containers of others are as these make them.
        if (variant !== 'whatever else a pod has') t.equal(answer.warnings, null)
        else if (answer.warnings !== null) t.match(answer.warnings, /containers \\"before\\", \\"beside\\" must set/)
      }
    })
  }

  for (const example of readdirSync(new URL('../helm/examples', import.meta.url))) {
    await t.test(example, async (t) => {
      for (const object of objectsOf(readText(`helm/examples/${example}`)))
        t.match(await api.apply(inRelease(object)), { status: 201, warnings: null }, `${at(object, 'kind')}`)
    })
  }

  await t.test('pods of the chart are let in where the restricted Pod Security Standard is enforced', async (t) => {
    for (const [variant, manifests] of await renderVariants()) {
      const deployment = objectsOf(manifests).find((object) => at(object, 'kind') === 'Deployment')
      const template = Object(at(deployment, 'spec.template'))
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        ...template,
        metadata: { ...template.metadata, name: 'one', namespace: 'proxy' },
      }
      const answer = await api.apply(pod)
      if (variant === 'whatever else a pod has') t.match(answer, { status: 403, message: /RuntimeClass|PodSecurity/ })
      else t.match(answer, { status: 201, warnings: null }, variant)
    }
  })
})
