import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { runCommand } from '../../../src/commands/run-command.ts'
import { openCallers } from '../../../src/server/auth/open-callers.ts'
import { openClients } from '../../../src/server/databricks/open-upstream.ts'
import { Metrics } from '../../../src/server/observability/metrics.ts'
import { startGraph } from '../../fakes/graph.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { startProvider } from '../../fakes/other-issuers.ts'
import { folder, load, write } from '../../fixtures/config-file.ts'

const [issuer, provider, graph] = await Promise.all([startIssuer(), startProvider(['apps_acc']), startGraph()])
t.teardown(() => Promise.all([issuer.close(), graph.close()]))
const { tenantId, audience, authority } = issuer
const entra = { tenantId, audiences: [audience], authority }
const upstream = { url: 'http://127.0.0.1:9' }

t.test('the proxy waits until every issuer was asked, and for one that has keys; operators hear of the others', async (t) => {
  const oidc = { kind: 'oidc', issuer: provider.address, audiences: ['mlflow'] }
  const config = load(stringify({ upstream, authentication: { entra, issuers: [oidc] }, environments: ['acc'] }))
  const metrics = new Metrics()
  const start = () => openCallers({ config, ...openClients(config), report: (name, reading) => metrics.noteKeys(name, reading) })
  const both = start()
  t.match(both.waitsFor(), /signing keys/)
  await both.tried
  t.equal(both.waitsFor(), null)
  t.ok(both.health().every(({ concern }) => concern === null))
  await both.close()
  t.match(await metrics.registry.metrics(), `mlflow_env_proxy_signing_keys{issuer="${provider.address}"} 1`)
  const token = `Bearer ${await provider.token()}`
  await provider.close()
  const one = start()
  await one.tried
  t.equal(one.waitsFor(), null, 'one issuer that is down keeps only its own callers out')
  t.match(
    one.health().find(({ part }) => part === provider.address)?.concern,
    `the signing keys of ${provider.address} could not be read: its callers are turned away`,
  )
  t.match(await one.authenticator.authenticate([`Bearer ${await issuer.token()}`]), { principal: { groups: ['apps_acc'] } })
  await t.rejects(async () => one.authenticator.authenticate([token]), {
    reason: 'issuer-unavailable',
    message: /have not been read yet/,
  })
  issuer.setAnswer('drop')
  const none = start()
  await none.tried
  t.match(none.waitsFor(), /signing keys/)
  issuer.setAnswer('keys')
  await Promise.all([one.close(), none.close()])
})

t.test('check says which groups names stand for, and refuses a name of several', async (t) => {
  const id = 'aaaaaaaa-0000-4000-8000-000000000001'
  graph.groups.push({ id, displayName: 'apps_acc', securityEnabled: true })
  write('graph-token', 'token')
  const credentials = { mode: 'token', file: 'graph-token' }
  const authentication = { entra, directory: 'graph', graph: { url: graph.url, credentials } }
  const file = join(folder, 'check.yaml')
  writeFileSync(file, stringify({ upstream, authentication, environments: ['acc', 'prod'] }))
  const check = async () => {
    const [out, err]: [string[], string[]] = [[], []]
    const terminal = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) }
    const code = await runCommand(['check', '--config', file], {}, terminal)
    return { code, out: out.join(''), err: err.join('') }
  }
  const good = await check()
  t.match(good, {
    code: 0,
    err: '',
    out: /\nGroups in Microsoft Graph\n {2}apps_acc +aaaaaaaa-\S+\n {2}apps_prod +no group; roles of this name/,
  })
  graph.groups.push({ id: id.replace(/1$/, '2'), displayName: 'apps_acc', securityEnabled: true })
  t.match(await check(), {
    code: 1,
    err: /^`apps_acc` is the name of 2 groups \(.*\); write the object id of the one you mean\n$/,
  })
  graph.mood = { status: 503 }
  t.match(await check(), { code: 0, out: /The groups were not looked up in Microsoft Graph: .*Try again shortly/ })
})
