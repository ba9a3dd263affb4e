import { readdirSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { loadConfig } from '../src/server/config/config.ts'
import { tenantId } from './fakes/issuer.ts'
import { chart, cluster, readText, render, renderAll, renderJob } from './fixtures/helm-chart.ts'
import { withEverything } from './fixtures/helm-variants.ts'
import { at, pick, record, set } from './fixtures/manifests.ts'
import { runHelm } from './harness/helm-tools.ts'

const name = 'gate-mlflow-env-proxy'
const examples = readdirSync(`${chart}/ci`)
const [aks, databricks, secrets, issuers] = ['aks', 'databricks', 'external-secrets', 'issuers'].map((example) =>
  parse(readText(`helm/mlflow-env-proxy/ci/${example}-values.yaml`)),
)
const exampleValues = examples.map((example) => parse(readText(`helm/mlflow-env-proxy/ci/${example}`)))
const exampleManifests = await renderAll(exampleValues)
const manifestsOf = (example: string) => exampleManifests[examples.indexOf(`${example}-values.yaml`)] ?? ''
const [onAks, beforeDatabricks] = [manifestsOf('aks'), manifestsOf('databricks')]

/** The objects that Kubernetes itself has, not those of operators. */
function builtIn(manifests: string): string {
  const documents = parseAllDocuments(manifests).filter((document) => document.toJS() !== null)
  const own = documents.filter(
    (document) => !/coreos\.com|gateway\.networking|external-secrets/.test(String(document.get('apiVersion'))),
  )
  return own.map(String).join('---\n')
}

/** Asserts that Kubernetes would take each of the manifests, by one process. */
async function checkValid(t: Test, list: readonly string[]): Promise<void> {
  const jobs = list.flatMap((manifests) =>
    ['1.25', '1.37'].map((kubernetes) => ({ do: 'validate', kubernetes, manifests: builtIn(manifests) }) as const),
  )
  for (const answer of await runHelm(jobs)) t.match(answer, { ok: true })
}

t.test('every example lints, is valid for Kubernetes, and has a configuration that the program accepts', async (t) => {
  const folder = t.testdir({
    'paging.key': 'a2'.repeat(32),
    paging: { 'paging.key': 'a2'.repeat(32) },
    upstream: { token: 'x' },
    acc: 'x',
    prod: 'x',
    token: 'x',
  })
  const pod = { AZURE_CLIENT_ID: tenantId, AZURE_TENANT_ID: tenantId, AZURE_FEDERATED_TOKEN_FILE: `${folder}/token` }
  const reports = await runHelm(exampleValues.map((values) => ({ do: 'lint', chart, values })))
  t.strictSame(reports, Array(examples.length).fill({ ok: true, value: [] }))
  await checkValid(t, exampleManifests)
  for (const [index, example] of examples.entries()) {
    const fullName = `gate-${exampleValues[index].nameOverride ?? 'mlflow-env-proxy'}`
    const text = String(record(at(pick(exampleManifests[index] ?? '', 'ConfigMap', fullName), 'data'))['config.yaml'])
      .replaceAll(/\/run\/secrets\/(mlflow-env-proxy|clients|cluster)/g, folder)
      .replaceAll('/etc/authorities', `${chart}/../../test/fixtures/certificates`)
    writeFileSync(`${folder}/config.yaml`, text)
    t.ok(loadConfig(`${folder}/config.yaml`, { ...pod, UPSTREAM_HOST: 'mlflow.example.com' }), example)
  }
})

t.test('without values the chart lints, and an installation says what to write', async (t) => {
  const [report, refusal] = await runHelm([{ do: 'lint', chart, values: {} }, renderJob({})])
  t.strictSame(report, { ok: true, value: [] })
  t.match(refusal, { ok: false, error: /config is empty: .* ci\/cluster-values\.yaml/ })
})

t.test('workload identity labels the pods and annotates the ServiceAccount', async (t) => {
  const labels = at(pick(onAks, 'Deployment', name), 'spec.template.metadata.labels')
  t.match(labels, { 'azure.workload.identity/use': 'true' })
  const { clientId } = aks.workloadIdentity
  t.strictSame(at(pick(onAks, 'ServiceAccount', name), 'metadata.annotations'), { 'azure.workload.identity/client-id': clientId })
  const other = await render(set(aks, 'workloadIdentity.tenantId', clientId))
  t.match(at(pick(other, 'ServiceAccount', name), 'metadata.annotations'), { 'azure.workload.identity/tenant-id': clientId })
  const without = await render(set(aks, 'workloadIdentity.enabled', false))
  t.notMatch(without, 'azure.workload.identity')
})

t.test('ingress and HTTPRoute lead to the Service, and the network policy lets their pods in', async (t) => {
  t.strictSame(at(pick(onAks, 'Ingress', name), 'spec'), {
    ingressClassName: 'nginx',
    tls: aks.ingress.tls,
    rules: [
      {
        host: 'mlflow.example.com',
        http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { name: 'http' } } } }] },
      },
    ],
  })
  const { clients, gateways } = aks.networkPolicy
  t.match(at(pick(onAks, 'NetworkPolicy', name), 'spec.ingress.0.from'), [
    ...clients,
    ...gateways,
    { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'mlflow-env-proxy-test', 'app.kubernetes.io/instance': 'gate' } } },
  ])
  t.strictSame(at(pick(beforeDatabricks, 'HTTPRoute', name), 'spec'), {
    parentRefs: databricks.httpRoute.parentRefs,
    hostnames: ['mlflow.example.com'],
    rules: [{ backendRefs: [{ name, port: 5000 }], timeouts: { request: '0s' } }],
  })
  const [belowIngress, belowRoute] = await renderAll([set(aks, 'basePath', '/mlflow'), set(databricks, 'basePath', '/mlflow')])
  t.equal(at(pick(belowIngress ?? '', 'Ingress', name), 'spec.rules.0.http.paths.0.path'), '/mlflow')
  t.strictSame(at(pick(belowRoute ?? '', 'HTTPRoute', name), 'spec.rules.0.matches'), [
    { path: { type: 'PathPrefix', value: '/mlflow' } },
  ])
  t.match(belowRoute, 'basePath: /mlflow')
  const egress = at(pick(beforeDatabricks, 'NetworkPolicy', name), 'spec.egress.2')
  t.strictSame(egress, { to: [{ ipBlock: { cidr: '10.20.0.0/27' } }], ports: [{ protocol: 'TCP', port: 443 }] })
})

t.test('where tokens are reviewed, the service account may ask, and has a token for it', async (t) => {
  const folder = '/var/run/secrets/kubernetes.io/serviceaccount'
  const binding = (manifests: string) => pick(manifests, 'ClusterRoleBinding', `proxy-${name}-token-review`)
  const mounts = (manifests: string) => {
    const pod = at(pick(manifests, 'Deployment', name), 'spec.template.spec')
    return Object.values(record(at(pod, 'containers.0.volumeMounts'))).filter(
      (mount) => at(mount, 'mountPath') === folder || at(mount, 'mountPath') === `${folder}/`,
    ).length
  }
  const elsewhere = { ...record(cluster), config: undefined, existingConfigMap: 'elsewhere', tokenReview: { enabled: true } }
  const api = { networkPolicy: { ...record(at(cluster, 'networkPolicy')), privateEndpoints: [{ cidr: '10.0.0.1/32' }] } }
  const [own, unbound, mounted, unread, none] = await renderAll([
    issuers,
    set(issuers, 'tokenReview.clusterRoleBinding', false),
    set(issuers, 'extraVolumeMounts.2', { name: 'cluster', mountPath: `${folder}/`, readOnly: true }),
    { ...elsewhere, ...api },
    cluster,
  ])
  t.match(binding(own ?? ''), {
    roleRef: { kind: 'ClusterRole', name: 'system:auth-delegator' },
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'proxy' }],
  })
  t.equal(mounts(own ?? ''), 1)
  t.equal(binding(unbound ?? ''), undefined)
  t.equal(mounts(mounted ?? ''), 1, 'not twice')
  t.ok(binding(unread ?? ''), 'also for a configuration that the chart does not make')
  t.equal(mounts(unread ?? ''), 1)
  t.equal(binding(none ?? ''), undefined)
  t.equal(mounts(none ?? ''), 0)
})

t.test('the network policy lets the proxy reach other issuers and a forward proxy', async (t) => {
  const egress = at(pick(manifestsOf('issuers'), 'NetworkPolicy', name), 'spec.egress')
  t.match(JSON.stringify(egress), /10\.30\.0\.8\/32.*10\.0\.0\.1\/32.*10\.30\.0\.9\/32/)
  const ingress = [{ from: [{ podSelector: { matchLabels: { app: 'batch' } } }], ports: [{ port: 'http' }] }]
  const more = await render(set(issuers, 'networkPolicy.extraIngress', ingress))
  t.strictSame(at(pick(more, 'NetworkPolicy', name), 'spec.ingress.1'), ingress[0])
})

t.test('the autoscaler goes by CPU and by requests under way, and takes the place of replicas', async (t) => {
  t.notOk(at(pick(onAks, 'Deployment', name), 'spec.replicas'))
  const behavior = { scaleDown: { stabilizationWindowSeconds: 600 } }
  const values = set(set(aks, 'autoscaling.targetRequestsUnderWay', 40), 'autoscaling.behavior', behavior)
  const manifests = await render(values)
  await checkValid(t, [manifests])
  t.match(at(pick(manifests, 'HorizontalPodAutoscaler', name), 'spec'), {
    scaleTargetRef: { kind: 'Deployment', name },
    minReplicas: 2,
    maxReplicas: 6,
    behavior,
    metrics: [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 400 } } },
      {
        type: 'Pods',
        pods: {
          metric: { name: 'mlflow_env_proxy_requests_under_way' },
          target: { type: 'AverageValue', averageValue: '40' },
        },
      },
    ],
  })
  t.ok(pick(manifests, 'PodDisruptionBudget', name))
})

t.test('monitors select the admin port, of pods or of its own Service', async (t) => {
  const own = { 'app.kubernetes.io/name': 'mlflow-env-proxy', 'app.kubernetes.io/instance': 'gate' }
  t.strictSame(at(pick(onAks, 'PodMonitor', name), 'spec'), {
    selector: { matchLabels: own },
    podMetricsEndpoints: [{ port: 'admin', interval: '30s' }],
  })
  const monitor = pick(beforeDatabricks, 'ServiceMonitor', name)
  const selector = { matchLabels: { ...own, 'app.kubernetes.io/component': 'admin' } }
  t.same(at(monitor, 'spec'), { selector, endpoints: [{ port: 'admin', interval: '30s' }] })
  t.match(at(monitor, 'metadata.labels'), { release: 'prometheus' })
  const service = pick(beforeDatabricks, 'Service', `${name}-admin`)
  t.match(at(service, 'metadata.labels'), selector.matchLabels)
  t.strictSame(at(service, 'spec.clusterIP'), 'None')
  t.notMatch(at(pick(beforeDatabricks, 'Service', name), 'metadata.labels'), { 'app.kubernetes.io/component': 'admin' })
})

t.test('whatever else a pod has can be set', async (t) => {
  const manifests = await render(withEverything())
  await checkValid(t, [manifests])
  const deployment = pick(manifests, 'Deployment', 'gate-gateway')
  t.match(at(deployment, 'metadata.annotations'), { 'example.com/owner': 'platform' })
  t.match(at(deployment, 'spec'), { strategy: { type: 'Recreate' }, revisionHistoryLimit: 3 })
  const pod = at(deployment, 'spec.template.spec')
  t.match(pod, {
    initContainers: [{ name: 'before' }],
    containers: [{ name: 'proxy' }, { name: 'beside' }],
    hostAliases: [{ ip: '10.0.0.1' }],
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['10.0.0.2'] },
    runtimeClassName: 'gvisor',
    securityContext: { runAsUser: 1000, runAsNonRoot: true },
    topologySpreadConstraints: [{ labelSelector: { matchLabels: { app: 'x' } } }],
  })
  t.match(at(pod, 'containers.0'), {
    envFrom: [{ secretRef: { name: 'variables' } }, { prefix: 'A_' }],
    startupProbe: { failureThreshold: 99, httpGet: { path: '/livez' } },
  })
  t.match(JSON.stringify(at(pod, 'volumes')), /"sizeLimit":"20Gi".*"name":"more"/)
  t.match(JSON.stringify(at(pod, 'containers.0.volumeMounts')), /"mountPath":"\/more"/)
  const service = {
    type: 'LoadBalancer',
    loadBalancerSourceRanges: ['10.0.0.0/8'],
    externalTrafficPolicy: 'Local',
    ports: [{ nodePort: 30500 }],
  }
  t.match(at(pick(manifests, 'Service', 'gate-gateway'), 'spec'), service)
  t.ok(pick(manifests, 'ConfigMap', 'another'))
  t.ok(pick(manifestsOf('external-secrets'), 'ExternalSecret', 'mlflow-env-proxy-clients'))
})

t.test('a configuration file from elsewhere is mounted, and the chart sets addresses and paths by variables', async (t) => {
  const { config: _, ...rest } = cluster
  const overrides = {
    MLFLOW_ENV_PROXY_LISTEN: '{"host":"0.0.0.0","port":5000}',
    MLFLOW_ENV_PROXY_ADMIN: '{ host: 0.0.0.0, port: 9464, statusPage: plain }',
    MLFLOW_ENV_PROXY_PAGING__KEY_FILE: '/run/secrets/mlflow-env-proxy/paging/paging.key',
    MLFLOW_ENV_PROXY_UPSTREAM__CREDENTIALS: '{ mode: token, file: /run/secrets/mlflow-env-proxy/upstream/token }',
  }
  const sources = [
    ['existingConfigMap', { configMap: { name: 'elsewhere' } }],
    ['existingSecret', { secret: { secretName: 'elsewhere' } }],
  ] as const
  const values = sources.map(([key]) => ({ ...rest, [key]: 'elsewhere', upstreamToken: { existingSecret: 'token' } }))
  const rendered = await renderAll(values)
  await checkValid(t, rendered)
  for (const [index, [, volume]] of sources.entries()) {
    const manifests = rendered[index] ?? ''
    t.notOk(pick(manifests, 'ConfigMap', name))
    const template = at(pick(manifests, 'Deployment', name), 'spec.template')
    t.notOk(at(template, 'metadata.annotations'), 'no checksum of what the chart does not know')
    t.match(at(template, 'spec.volumes.0'), { name: 'config', ...volume })
    const env = Object.entries(overrides).map(([name, value]) => ({ name, value }))
    t.strictSame(at(template, 'spec.containers.0.env'), env)
  }
  const folder = t.testdir({ token: 'x', 'paging.key': 'a2'.repeat(32) })
  const moved = Object.entries(overrides).map(([name, value]) => [
    name,
    value.replace(/\/run\/secrets\/mlflow-env-proxy\/\w+/, folder),
  ])
  writeFileSync(`${folder}/config.yaml`, JSON.stringify(cluster.config))
  t.match(loadConfig(`${folder}/config.yaml`, Object.fromEntries(moved)), {
    listen: { host: '0.0.0.0' },
    admin: { host: '0.0.0.0' },
    upstream: { credentials: { mode: 'token', file: `${folder}/token` } },
    paging: { keyFile: `${folder}/paging.key` },
  })
})

t.test('with a Secret for TLS the proxy speaks https, and the test asks so', async (t) => {
  const tls = set(aks, 'tls.existingSecret', 'mlflow-tls')
  const { config: _, ...unconfigured } = record(tls)
  const [manifests = '', overridden = ''] = await renderAll([tls, { ...unconfigured, existingSecret: 'elsewhere' }])
  const files = {
    certificateFile: '/run/secrets/mlflow-env-proxy/tls/tls.crt',
    keyFile: '/run/secrets/mlflow-env-proxy/tls/tls.key',
  }
  const config = parse(String(record(at(pick(manifests, 'ConfigMap', name), 'data'))['config.yaml']))
  t.strictSame(config.listen, { host: '0.0.0.0', port: 5000, tls: files })
  const pod = at(pick(manifests, 'Deployment', name), 'spec.template.spec')
  t.match(JSON.stringify(at(pod, 'volumes')), /"name":"tls","secret":\{"secretName":"mlflow-tls"/)
  t.match(
    JSON.stringify(at(pod, 'containers.0.volumeMounts')),
    /"name":"tls","mountPath":"\/run\/secrets\/mlflow-env-proxy\/tls"/,
  )
  t.match(
    String(at(pick(manifests, 'Pod', `${name}-test`), 'spec.containers.0.args.0')),
    "'https://gate-mlflow-env-proxy.proxy.svc",
  )
  const env = at(pick(overridden, 'Deployment', name), 'spec.template.spec.containers.0.env.0.value')
  t.strictSame(JSON.parse(String(env)), config.listen)
})

t.test('`helm test` asks the Service as a caller without a token', async (t) => {
  const pod = pick(onAks, 'Pod', `${name}-test`)
  t.match(at(pod, 'metadata.annotations'), { 'helm.sh/hook': 'test' })
  t.strictSame(at(pod, 'metadata.labels'), {
    'app.kubernetes.io/name': 'mlflow-env-proxy-test',
    'app.kubernetes.io/instance': 'gate',
  })
  t.match(
    String(at(pod, 'spec.containers.0.args.0')),
    /'http:\/\/gate-mlflow-env-proxy\.proxy\.svc:5000\/-\/whoami'.*status === 401/s,
  )
  t.notOk(pick(manifestsOf('cluster'), 'Pod', `${name}-test`))
})

t.test('values that shut out what other values need are refused with the remedy', async (t) => {
  const { config: _, ...unconfigured } = cluster
  const refused: [values: object, reason: RegExp][] = [
    [set(aks, 'networkPolicy.gateways', []), /shuts out the pods that serve ingress.*networkPolicy\.gateways/],
    [set(databricks, 'networkPolicy.gateways', []), /shuts out the pods that serve ingress/],
    [set(aks, 'networkPolicy.monitoring', []), /shuts Prometheus out.*networkPolicy\.monitoring/],
    [set(databricks, 'adminService.enabled', false), /set adminService\.enabled, or use metrics\.podMonitor/],
    [set(aks, 'autoscaling.targetCPUUtilizationPercentage', 0), /autoscaling has nothing to go by/],
    [set(aks, 'autoscaling.minReplicas', 7), /minReplicas is more than/],
    [set(aks, 'pagingKey.existingSecret', ''), /pagingKey\.existingSecret/],
    [set(aks, 'ingress.hosts', []), /needs ingress\.hosts/],
    [set(databricks, 'httpRoute.parentRefs', []), /needs httpRoute\.parentRefs/],
    [set(cluster, 'existingSecret', 'elsewhere'), /config is given, and so is/],
    [{ ...unconfigured, existingSecret: 'a', existingConfigMap: 'b' }, /keep one of them/],
    [set(secrets, 'secrets', []), /not in the pod: \/run\/secrets\/clients\/acc/],
    [
      set(set(issuers, 'networkPolicy.privateEndpoints', []), 'networkPolicy.extraEgress', []),
      /does not let the proxy reach the API server, which reviews tokens/,
    ],
    [set(issuers, 'extraVolumeMounts', []), /not in the pod: \/run\/secrets\/cluster\/token|\/etc\/authorities/],
  ]
  const answers = await runHelm(refused.map(([values]) => renderJob(values)))
  for (const [index, [, reason]] of refused.entries()) t.match(answers[index], { ok: false, error: reason }, String(reason))
})

interface Node {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: unknown
  readonly $ref?: string
}

/** Parts of the schema that have keys, and take unknown ones as well. */
function lenient(node: Node, path: string): string[] {
  const inner = Object.entries(node.properties ?? {}).flatMap(([key, child]) => lenient(child, `${path}.${key}`))
  return node.properties !== undefined && node.additionalProperties === undefined ? [path, ...inner] : inner
}

/** Keys of the values that the schema does not have, and the other way round. */
function differences(values: unknown, node: Node, path: string): string[] {
  if (node.properties === undefined) return []
  const [given, known] = [record(values), record(node.properties)]
  const keys = [...new Set([...Object.keys(given), ...Object.keys(known)])]
  return keys.flatMap((key) => {
    if (!(key in given) || !(key in known)) return [`${path}.${key}`]
    return differences(given[key], record(known[key]), `${path}.${key}`)
  })
}

t.test('schema, values and documentation know the same values, and no others', async (t) => {
  const schema = JSON.parse(readText('helm/mlflow-env-proxy/values.schema.json'))
  const values = parse(readText('helm/mlflow-env-proxy/values.yaml'))
  t.strictSame(lenient(schema, ''), ['.config', '.config.upstream'], 'the program checks its own configuration')
  const { config: _, global: __, strategy: ___, temporaryStorage: ____, ...properties } = schema.properties
  const unset = ['.httpRoute.timeouts', '.autoscaling.behavior', '.dnsConfig']
  const found = differences(values, { properties }, '').filter((path) => !unset.some((other) => path.startsWith(`${other}.`)))
  t.strictSame(found.sort(), ['.config', '.strategy', '.temporaryStorage'])
  const readme = readText('helm/mlflow-env-proxy/README.md')
  const missing = Object.keys(properties).filter((key) => !new RegExp(`\`${key}\\b`).test(readme))
  t.strictSame(missing, [], 'README.md names every value')
})
