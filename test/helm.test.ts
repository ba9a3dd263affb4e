import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { readAgentSettings } from '../src/server/agent/agent-settings.ts'
import { loadConfig } from '../src/server/config/config.ts'
import { tenantId } from './fakes/issuer.ts'
import { chart, cluster, external, readText, render, renderJob } from './fixtures/helm-chart.ts'
import { at, pick, record, set } from './fixtures/manifests.ts'
import { runHelm } from './harness/helm-tools.ts'

const supported = ['1.25', '1.29', '1.33', '1.37']
const [inCluster, outside] = await Promise.all([render(cluster), render(external)])
const replicated = pick(inCluster, 'Deployment', 'gate-mlflow-env-proxy')
const single = pick(outside, 'Deployment', 'gate-gateway')

t.test('the chart lints without warnings and renders valid objects for every supported Kubernetes', async (t) => {
  const reports = await runHelm([cluster, external].map((values) => ({ do: 'lint', chart, values })))
  t.strictSame(reports, Array(2).fill({ ok: true, value: [] }))
  const validate = (manifests: string) => runHelm(supported.map((kubernetes) => ({ do: 'validate', kubernetes, manifests })))
  const kinds = ['ConfigMap', 'Deployment', 'NetworkPolicy', 'NetworkPolicy', 'PodDisruptionBudget', 'Service', 'ServiceAccount']
  for (const answer of await validate(inCluster)) t.strictSame(answer, { ok: true, value: kinds })
  const fewer = ['ConfigMap', 'Deployment', 'NetworkPolicy', 'Service', 'ServiceAccount']
  for (const answer of await validate(outside)) t.strictSame(answer, { ok: true, value: fewer })
  const misspelt = inCluster.replace('automountServiceAccountToken', 'automountServiceAccountTokens')
  for (const answer of await validate(misspelt)) t.match(answer, { ok: false, error: /automountServiceAccountTokens/ })
})

t.test('the chart carries the version of the program', async (t) => {
  t.equal(parse(readText('helm/mlflow-env-proxy/Chart.yaml')).appVersion, JSON.parse(readText('package.json')).version)
  const container = 'spec.template.spec.containers.0'
  t.equal(at(replicated, `${container}.image`), 'registry.example/mlflow-env-proxy:0.1.0')
  const pinned = at(single, `${container}.image`)
  t.equal(pinned, `registry.example/mlflow-env-proxy@${external.image.digest}`, 'a digest wins over the tag')
})

t.test('the pods keep to the restricted Pod Security Standard and hold no cluster credentials', async (t) => {
  for (const deployment of [replicated, single]) {
    const pod = at(deployment, 'spec.template.spec')
    t.equal(at(pod, 'automountServiceAccountToken'), false)
    t.equal(at(pod, 'enableServiceLinks'), false, 'a Service must not inject MLFLOW_ENV_PROXY_PORT')
    t.strictSame(at(pod, 'securityContext.seccompProfile'), { type: 'RuntimeDefault' })
    t.equal(at(pod, 'securityContext.runAsNonRoot'), true)
    t.strictSame(at(pod, 'containers.0.securityContext'), {
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    t.ok(Number(at(pod, 'terminationGracePeriodSeconds')) > 305, 'longer than the listener stays and a stream may drain')
  }
})

t.test('probes use the admin port, and the Service does not have it', async (t) => {
  const container = at(replicated, 'spec.template.spec.containers.0')
  t.strictSame(at(container, 'livenessProbe.httpGet'), { path: '/livez', port: 'admin' })
  t.strictSame(at(container, 'readinessProbe.httpGet'), { path: '/readyz', port: 'admin' })
  t.match(at(container, 'ports'), [
    { name: 'http', containerPort: 5000 },
    { name: 'admin', containerPort: 9464 },
  ])
  const service = pick(inCluster, 'Service', 'gate-mlflow-env-proxy')
  t.strictSame(at(service, 'spec.ports'), [{ name: 'http', port: 5000, targetPort: 'http', protocol: 'TCP' }])
})

t.test('the ConfigMap holds a configuration that the program accepts, with the mounted Secrets in it', async (t) => {
  const folder = t.testdir({ paging: { 'paging.key': 'a2'.repeat(32) }, upstream: { token: 'secret-token' } })
  const load = (configMap: unknown) => {
    const text = record(at(configMap, 'data'))['config.yaml']
    const file = `${folder}/config.yaml`
    writeFileSync(file, String(text).replaceAll('/run/secrets/mlflow-env-proxy', folder))
    const pod = { AZURE_CLIENT_ID: 'of-the-pod', AZURE_FEDERATED_TOKEN_FILE: '/var/run/secrets/token' }
    return loadConfig(file, { UPSTREAM_HOST: 'mlflow.example.com', ...pod })
  }
  const listening = { listen: { host: '0.0.0.0', port: 5000 }, admin: { host: '0.0.0.0', port: 9464 } }
  const two = load(pick(inCluster, 'ConfigMap', 'gate-mlflow-env-proxy'))
  t.has(two, { ...listening, paging: { keyFile: `${folder}/paging/paging.key` }, upstream: { credentials: { mode: 'none' } } })
  t.strictSame(
    two.environments.map(({ name }) => name),
    ['acc', 'prod'],
  )
  const one = load(pick(outside, 'ConfigMap', 'gate-gateway'))
  const credentials = { mode: 'token', file: `${folder}/upstream/token` }
  t.has(one, { ...listening, upstream: { url: 'https://mlflow.example.com', credentials } })
  const beside = load(pick(readText('helm/examples/sidecar.yaml'), 'ConfigMap', 'training-mlflow-env-proxy'))
  t.equal(beside.listen.host, '127.0.0.1', 'the sidecar serves its own pod only')
  t.match(beside.authentication.sidecar, { clientId: 'of-the-pod', tokenFile: '/var/run/secrets/token' })
  t.equal(beside.admin.host, '0.0.0.0', 'the kubelet probes from outside the pod')
})

t.test('each file that the configuration names is mounted from the Secret that the values name', async (t) => {
  const pod = at(single, 'spec.template.spec')
  t.match(at(pod, 'volumes'), [
    { name: 'config', configMap: { name: 'gate-gateway' } },
    { name: 'upstream-token', secret: { secretName: 'mlflow-token', items: [{ key: 'access-token', path: 'token' }] } },
    { name: 'ca-bundle', configMap: { name: 'company-ca', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { name: 'uploads', emptyDir: {} },
  ])
  t.strictSame(at(pod, 'containers.0.volumeMounts'), [
    { name: 'config', mountPath: '/etc/mlflow-env-proxy', readOnly: true },
    { name: 'upstream-token', mountPath: '/run/secrets/mlflow-env-proxy/upstream', readOnly: true },
    { name: 'ca-bundle', mountPath: '/etc/mlflow-env-proxy-ca', readOnly: true },
    { name: 'uploads', mountPath: '/tmp' },
  ])
  t.match(at(pod, 'containers.0.env.0'), { name: 'NODE_EXTRA_CA_CERTS', value: '/etc/mlflow-env-proxy-ca/ca.crt' })
  const shared = at(replicated, 'spec.template.spec')
  const secret = { secretName: 'mlflow-env-proxy-paging', items: [{ key: 'paging.key', path: 'paging.key' }] }
  t.match(at(shared, 'volumes.1'), { name: 'paging-key', secret })
  const mount = { name: 'paging-key', mountPath: '/run/secrets/mlflow-env-proxy/paging', readOnly: true }
  t.strictSame(at(shared, 'containers.0.volumeMounts.1'), mount)
})

/** The values with a login, whose secrets are mounted, and the key of page tokens among them. */
function withLogin(values: object): object {
  const folder = '/run/secrets/login'
  const files = { clientSecretFile: `${folder}/secret`, cookieKeyFile: `${folder}/cookie.key` }
  const login = { publicUrl: 'https://mlflow.example.com', clientId: tenantId, ...files }
  const configured = set(set(values, 'config.authentication.login', login), 'config.paging', { keyFile: `${folder}/paging.key` })
  return set(configured, 'secrets', [{ existingSecret: 'mlflow-login', mountPath: folder }])
}

t.test('other Secrets are mounted where the values say', async (t) => {
  const manifests = await render(set(withLogin(cluster), 'pagingKey.existingSecret', ''))
  const pod = at(pick(manifests, 'Deployment', 'gate-mlflow-env-proxy'), 'spec.template.spec')
  t.match(at(pod, 'volumes.1'), { name: 'secret-0', secret: { secretName: 'mlflow-login' } })
  const mount = { name: 'secret-0', mountPath: '/run/secrets/login', readOnly: true }
  t.strictSame(at(pod, 'containers.0.volumeMounts.1'), mount)
  const [answer] = await runHelm([{ do: 'validate', kubernetes: '1.37', manifests }])
  t.match(answer, { ok: true })
})

t.test('the network policy lets the proxy out to the Redis server of its logins', async (t) => {
  const folder = '/run/secrets/login'
  const redis = { url: 'rediss://valkey.cache.svc:6380', passwordFile: `${folder}/redis-password` }
  const peers = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'cache' } } }]
  const values = set(withLogin(cluster), 'config.authentication.login.redis', redis)
  const manifests = await render(
    set(set(values, 'pagingKey.existingSecret', ''), 'networkPolicy.redis', { to: peers, port: 6380 }),
  )
  const policy = pick(manifests, 'NetworkPolicy', 'gate-mlflow-env-proxy')
  t.strictSame(at(policy, 'spec.egress.3'), { to: peers, ports: [{ protocol: 'TCP', port: 6380 }] })
})

t.test('a changed configuration rolls the pods, and any other change leaves the checksum alone', async (t) => {
  const path = 'spec.template.metadata.annotations'
  const checksum = async (values: object) => at(pick(await render(values), 'Deployment', 'gate-mlflow-env-proxy'), path)
  const before = at(replicated, path)
  t.strictSame(await checksum(set(cluster, 'service.port', 80)), before)
  t.strictNotSame(await checksum(set(cluster, 'config.environments.preprod', {})), before)
  t.notOk(await checksum(set(cluster, 'onConfigChange', 'reload')), 'they reload it')
})

t.test('network policies let in the named peers, let out DNS, issuer and MLflow, and close MLflow to all others', async (t) => {
  const tcp = (port: string | number) => [{ protocol: 'TCP', port }]
  const namespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })
  const own = { 'app.kubernetes.io/name': 'mlflow-env-proxy', 'app.kubernetes.io/instance': 'gate' }
  const policy = pick(inCluster, 'NetworkPolicy', 'gate-mlflow-env-proxy')
  t.strictSame(at(policy, 'spec.podSelector.matchLabels'), own)
  t.strictSame(at(policy, 'spec.policyTypes'), ['Ingress', 'Egress'])
  t.strictSame(at(policy, 'spec.ingress'), [
    { from: cluster.networkPolicy.clients, ports: tcp('http') },
    { from: [{ namespaceSelector: namespace('monitoring') }], ports: tcp('admin') },
  ])
  const mlflow = { namespaceSelector: namespace('mlflow'), podSelector: { matchLabels: { app: 'mlflow' } } }
  t.match(at(policy, 'spec.egress'), [
    { to: [{ namespaceSelector: namespace('kube-system') }], ports: [{ protocol: 'UDP', port: 53 }, ...tcp(53)] },
    { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }], ports: tcp(443) },
    { to: [mlflow], ports: tcp(5000) },
  ])
  t.equal(at(policy, 'spec.egress.length'), 3)
  const protecting = pick(inCluster, 'NetworkPolicy', 'gate-mlflow-env-proxy-upstream')
  t.equal(at(protecting, 'metadata.namespace'), 'mlflow')
  t.strictSame(at(protecting, 'spec'), {
    podSelector: { matchLabels: { app: 'mlflow' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ namespaceSelector: namespace('proxy'), podSelector: { matchLabels: own } }], ports: tcp(5000) }],
  })
  const closed = await render(set(cluster, 'networkPolicy.clients', []))
  t.strictSame(at(pick(closed, 'NetworkPolicy', 'gate-mlflow-env-proxy'), 'spec.ingress'), [
    { from: [{ namespaceSelector: namespace('monitoring') }], ports: tcp('admin') },
  ])
  const sealed = await render(set(set(cluster, 'networkPolicy.clients', []), 'networkPolicy.monitoring', []))
  t.notOk(at(pick(sealed, 'NetworkPolicy', 'gate-mlflow-env-proxy'), 'spec.ingress'), 'no peers: nobody, not everybody')
  const without = await render(set(set(cluster, 'networkPolicy.enabled', false), 'networkPolicy.protectUpstream.enabled', false))
  t.notMatch(without, 'NetworkPolicy')
})

t.test('values that contradict each other or do not fit are refused with the reason', async (t) => {
  const open = set(cluster, 'networkPolicy.protectUpstream', { enabled: false })
  const login = withLogin(cluster)
  const refused: [values: object, reason: RegExp][] = [
    [set(cluster, 'pagingKey.existingSecret', ''), /replicaCount is more than 1.*pagingKey\.existingSecret/],
    [set(cluster, 'config.listen', { port: 80 }), /config\.listen and config\.admin are set by the chart/],
    [set(cluster, 'config.databricksHost', { listen: { port: 80 } }), /use config\.databricksHost\.hostNames/],
    [set(cluster, 'config.admin', { port: 80 }), /config\.listen and config\.admin are set by the chart/],
    [set(cluster, 'config.paging', { keyFile: '/tmp/key' }), /files named in config are not in the pod/],
    [set(external, 'config.upstream.credentials.file', '/tmp/token'), /files named in config are not in the pod/],
    [
      set(cluster, 'config.authentication.login', { clientSecretFile: '/run/secrets/login/secret' }),
      /not in the pod: \/run\/secrets\/login\/secret/,
    ],
    [set(cluster, 'config.environments.acc', { credentials: { certificateFile: '/x.pem' } }), /not in the pod: \/x\.pem/],
    [
      set(cluster, 'config.authentication.issuers', [{ tokenFile: '/run/secrets/other' }]),
      /not in the pod: \/run\/secrets\/other/,
    ],
    [set(login, 'config.authentication.login.cookieKeyFile', ''), /share the key that seals logins/],
    [
      set(login, 'config.authentication.login.redis', { url: 'rediss://redis', passwordFile: '/run/secrets/other' }),
      /not in the pod: \/run\/secrets\/other/,
    ],
    [
      set(login, 'config.authentication.login.redis', { url: 'rediss://redis' }),
      /networkPolicy does not let the proxy reach Redis/,
    ],
    [set(login, 'secrets', [{ existingSecret: 'login', mountPath: '/etc' }]), /at '\/secrets\/0\/mountPath'/],
    [set(external, 'upstreamToken.existingSecret', ''), /credentials\.mode is token: create a Secret/],
    [set(cluster, 'upstreamToken', { existingSecret: 'token' }), /credentials\.mode is not token/],
    [open, /networkPolicy does not let the proxy reach MLflow.*networkPolicy\.upstream\.to/],
    [{}, /config is empty: write the configuration file there.*ci\/cluster-values\.yaml/],
    [set({}, 'config.unknownFields', 'forward'), /missing properties 'upstream', 'authentication', 'environments'/],
    [set(cluster, 'config.environments', {}), /at '\/config\/environments'/],
    [set(cluster, 'replicas', 3), /additional properties 'replicas' not allowed/],
    [set(cluster, 'replicaCount', 0), /at '\/replicaCount'/],
    [set(cluster, 'replicaCount', '2'), /at '\/replicaCount'/],
    [set(cluster, 'image.tag', 'a b'), /at '\/image\/tag'/],
    [set(cluster, 'image.digest', 'sha256:12'), /at '\/image\/digest'/],
    [set(cluster, 'service.port', 70000), /at '\/service\/port'/],
    [set(cluster, 'service.nodePorts', 1), /additional properties 'nodePorts' not allowed/],
    [set(cluster, 'pagingKey.value', 'secret in values'), /additional properties 'value' not allowed/],
    [set(cluster, 'terminationGracePeriodSeconds', 5), /at '\/terminationGracePeriodSeconds'/],
    [set(cluster, 'networkPolicy.clients', [{}]), /at '\/networkPolicy\/clients\/0'/],
    [set(cluster, 'networkPolicy.clients', [{ cidr: '10.0.0.0/8' }]), /additional properties 'cidr' not allowed/],
    [set(cluster, 'networkPolicy.issuer.to', []), /at '\/networkPolicy\/issuer\/to'/],
    [set(cluster, 'networkPolicy.protectUpstream.podSelector', {}), /at '\/networkPolicy\/protectUpstream/],
    [set(cluster, 'env', [{ name: 'A', secret: 'B' }]), /additional properties 'secret' not allowed/],
    [set(cluster, 'readinessProbe.httpGet', { path: '/' }), /additional properties 'httpGet' not allowed/],
  ]
  const answers = await runHelm(refused.map(([values]) => renderJob(values)))
  for (const [index, [, reason]] of refused.entries()) t.match(answers[index], { ok: false, error: reason }, String(reason))
  const accepted = [
    set(cluster, 'global', { any: 1 }),
    set(cluster, 'config.environments', ['acc']),
    set(login, 'pagingKey.existingSecret', ''),
    set(cluster, 'config.upstream.credentials', {
      mode: 'workloadIdentity',
      tokenFile: '/var/run/secrets/azure/tokens/azure-identity-token',
    }),
    set(open, 'networkPolicy.enabled', false),
  ]
  for (const answer of await runHelm(accepted.map(renderJob))) t.match(answer, { ok: true })
})

/** Checks a native sidecar, and gives the pod's template. */
async function checkSidecar(t: Test, file: string, kinds: readonly string[], probes: string): Promise<unknown> {
  const manifests = readText(file)
  const answers = await runHelm(['1.29', '1.37'].map((kubernetes) => ({ do: 'validate', kubernetes, manifests })))
  for (const answer of answers) t.strictSame(answer, { ok: true, value: kinds })
  const template = at(pick(manifests, 'Job', 'training'), 'spec.template')
  const pod = at(template, 'spec')
  const startupProbe = { httpGet: { path: '/readyz', port: probes } }
  t.match(at(pod, 'initContainers'), [{ restartPolicy: 'Always', startupProbe, ports: [{ name: probes, protocol: 'TCP' }] }])
  t.strictSame(at(pod, 'containers.0.env'), [{ name: 'MLFLOW_TRACKING_URI', value: 'http://127.0.0.1:5000' }], 'and no token')
  t.equal(at(pod, 'enableServiceLinks'), false)
  const { 'azure.workload.identity/use': used } = record(at(template, 'metadata.labels'))
  t.equal(used, 'true')
  t.equal(at(pod, 'serviceAccountName'), at(pick(manifests, 'ServiceAccount', 'training'), 'metadata.name'))
  return pod
}

t.test('the sidecar example is valid, starts before the training and gives it the proxy on loopback', async (t) => {
  const kinds = ['ServiceAccount', 'ConfigMap', 'Job', 'NetworkPolicy']
  const pod = await checkSidecar(t, 'helm/examples/sidecar.yaml', kinds, 'admin')
  t.equal(at(pod, 'initContainers.0.ports.0.containerPort'), 9464)
})

t.test('so is the one before Azure Databricks, where the proxy is the pod’s identity to the workspace as well', async (t) => {
  const file = 'helm/examples/sidecar-databricks.yaml'
  await checkSidecar(t, file, ['ServiceAccount', 'ConfigMap', 'Job', 'NetworkPolicy'], 'admin')
  const text = record(at(pick(readText(file), 'ConfigMap', 'training-mlflow-env-proxy'), 'data'))['config.yaml']
  const config = join(t.testdir({ 'config.yaml': String(text), token: 'projected' }), 'config.yaml')
  const pod = { AZURE_CLIENT_ID: tenantId, AZURE_TENANT_ID: tenantId, AZURE_FEDERATED_TOKEN_FILE: join(config, '../token') }
  const { upstream, authentication } = loadConfig(config, pod)
  t.match(upstream, { kind: 'databricks', credentials: { mode: 'workloadIdentity' } })
  t.ok(authentication.sidecar)
})

t.test('so is the agent’s, whose arguments the program accepts', async (t) => {
  const pod = await checkSidecar(t, 'helm/examples/agent.yaml', ['ServiceAccount', 'Job', 'NetworkPolicy'], 'probes')
  const [name, ...args] = JSON.parse(JSON.stringify(at(pod, 'initContainers.0.args')))
  t.equal(name, 'agent')
  const { values } = parseArgs({
    args,
    options: { to: { type: 'string' }, audience: { type: 'string' }, probes: { type: 'string' } },
  })
  const { to = '', audience = '', probes = '' } = values
  const tokenFile = join(t.testdir({ token: 'projected' }), 'token')
  const given = { AZURE_FEDERATED_TOKEN_FILE: tokenFile, AZURE_CLIENT_ID: 'of-the-pod', AZURE_TENANT_ID: tenantId }
  const options = { to, audience, probes, listen: '127.0.0.1:5000', authority: 'https://login.microsoftonline.com' }
  t.match(readAgentSettings(options, given), {
    credentials: { mode: 'workloadIdentity', clientId: 'of-the-pod', tokenFile },
    probes: { host: '0.0.0.0', port: at(pod, 'initContainers.0.ports.0.containerPort') },
  })
})
