import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { parse } from 'yaml'
import { findEtcd, findKubeApiserver } from '../../scripts/setup/kube-apiserver.mjs'
import { loadConfig } from '../../src/server/config/config.ts'
import { checkIssuers } from '../../src/server/doctor/examine-issuer.ts'
import { startFakeUpstream } from '../fakes/fake-upstream.ts'
import { readText, render } from '../fixtures/helm-chart.ts'
import { at, pick, record } from '../fixtures/manifests.ts'
import { startInProcess } from '../harness/app.ts'
import { type ApiServer, startApiServer } from '../harness/kube-apiserver.ts'

const [server, etcd] = [findKubeApiserver(), findEtcd()]
const skip = server !== null && etcd !== null ? false : 'no kube-apiserver: KUBE_APISERVER=build builds it, in some ten minutes'
const binding = 'proxy-gate-mlflow-env-proxy-token-review'

/** A token as the kubelet asks for it. */
async function tokenOf(api: ApiServer, namespace: string, account: string, spec: object): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`
  const object = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3_600, ...spec } }
  const { body } = await api.ask('POST', path, object)
  const token = at(body, 'status.token')
  if (typeof token !== 'string') throw new Error(JSON.stringify(body))
  return token
}

const account = (namespace: string, name: string) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { namespace, name },
})

/** Accounts of a training job and of the proxy, and a pod of the first. Returns the pod as the server has it. */
async function populate(api: ApiServer): Promise<unknown> {
  for (const name of ['ml', 'proxy'])
    await api.ask('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  await api.ask('POST', '/api/v1/namespaces/ml/serviceaccounts', account('ml', 'train'))
  await api.ask('POST', '/api/v1/namespaces/proxy/serviceaccounts', account('proxy', 'gate-mlflow-env-proxy'))
  const { body } = await api.ask('POST', '/api/v1/namespaces/ml/pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'ml', name: 'job' },
    spec: { serviceAccountName: 'train', containers: [{ name: 'train', image: 'train:1' }] },
  })
  return body
}

t.test('a token ends with its pod and with its service account, as Kubernetes’ own API server says', { skip }, async (t) => {
  t.setTimeout(240_000)
  const [api, upstream] = await Promise.all([startApiServer({ server: server ?? '', etcd: etcd ?? '' }), startFakeUpstream()])
  t.teardown(() => Promise.all([api.close(), upstream.close()]))
  const pod = await populate(api)
  const own = await tokenOf(api, 'proxy', 'gate-mlflow-env-proxy', {})
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'job', uid: at(pod, 'metadata.uid') }
  const podToken = await tokenOf(api, 'ml', 'train', { audiences: ['mlflow'], boundObjectRef })
  const accountToken = await tokenOf(api, 'ml', 'train', { audiences: ['mlflow'] })

  const issuer = {
    kind: 'kubernetes',
    issuer: 'https://kubernetes.default.svc',
    audiences: ['mlflow'],
    keysUrl: `${api.url}/openid/v1/jwks`,
    tokenFile: 'own-token',
    tokenReview: { url: api.url, tokenFile: 'own-token' },
  }
  const content = {
    upstream: { url: upstream.url },
    tls: { caFile: api.caFile },
    authentication: { issuers: [issuer] },
    environments: { ml: { groups: ['system:serviceaccounts:ml'] } },
  }
  const clock = { now: 1 }
  const app = await startInProcess(content, { files: { 'own-token': own }, callersClock: () => clock.now })
  t.teardown(() => app.close())
  const ask = async (token: string) => {
    const answer = await fetch(`${app.url}/-/whoami`, { headers: { authorization: `Bearer ${token}` } })
    return { status: answer.status, message: String(at(await answer.json(), 'message')) }
  }
  /** What is said once what is remembered has expired; the API server itself remembers a token for ten seconds. */
  const askUntil = async (token: string, status: number) => {
    for (const end = performance.now() + 30_000; ; await sleep(500)) {
      clock.now += 60_001
      const answer = await ask(token)
      if (answer.status === status || performance.now() > end) return answer
    }
  }
  const file = join(t.testdir({ 'own-token': own }), 'proxy.yaml')
  writeFileSync(file, JSON.stringify(content))
  const examine = async () =>
    (await checkIssuers(loadConfig(file, {}))).map(({ weight, code, message }) => `${weight} ${code}: ${message}`)

  await t.test('without the right to ask nobody is let in, and operators read which one is missing', async (t) => {
    t.match(await ask(podToken), { status: 501, message: /needs the cluster role system:auth-delegator/ })
    t.match((await examine()).join('\n'), /problem token-review: \S+ cannot be asked about tokens: .*system:auth-delegator/)
    t.equal(upstream.received.length, 0)
  })

  await t.test('with the chart’s own binding the caller is let in', async (t) => {
    const values = record(parse(readText('helm/mlflow-env-proxy/ci/issuers-values.yaml')))
    const bound = pick(await render(values), 'ClusterRoleBinding', binding)
    t.match(await api.apply(bound, { dryRun: false }), { status: 201, warnings: null })
    t.match(await askUntil(podToken, 200), { status: 200 })
    t.match(await ask(accountToken), { status: 200 })
    t.match((await examine()).join('\n'), /fine token-review: \S+ reviews tokens/)
  })

  await t.test('a token of a pod that was deleted is refused, others of its account are not', async (t) => {
    await api.ask('DELETE', '/api/v1/namespaces/ml/pods/job')
    t.match(await ask(podToken), { status: 200 }, 'within the minute it is not asked about')
    t.match(await askUntil(podToken, 401), { status: 401, message: /its pod or service account may be gone/ })
    t.match(await ask(accountToken), { status: 200 })
  })

  await t.test('a token of an account that was deleted is refused, even if there is another of its name', async (t) => {
    await api.ask('DELETE', '/api/v1/namespaces/ml/serviceaccounts/train')
    await api.ask('POST', '/api/v1/namespaces/ml/serviceaccounts', account('ml', 'train'))
    t.match(await askUntil(accountToken, 401), { status: 401, message: /its pod or service account may be gone/ })
    const renewed = await tokenOf(api, 'ml', 'train', { audiences: ['mlflow'] })
    t.match(await ask(renewed), { status: 200 })
    t.notMatch(app.logs(), new RegExp([own, podToken, accountToken].map((each) => each.slice(-40)).join('|')))
  })
})
