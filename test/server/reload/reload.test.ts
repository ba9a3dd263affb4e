import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { parse, stringify } from 'yaml'
import { reply, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { waitFor } from '../../harness/demo-program.ts'
import { type ProxyProcess, startProxyProcess } from '../../harness/proxy-process.ts'

const upstream = await startFakeUpstream()
const issuer = await startIssuer()
const headers = { authorization: `Bearer ${await issuer.token()}` }
t.teardown(() => Promise.all([upstream.close(), issuer.close()]))

const path = '/api/2.0/mlflow/registered-models/get?name=fraud'
const modelOf = (incoming: IncomingMessage) => new URL(incoming.url ?? '', 'http://mlflow').searchParams.get('name')

/** Answers with the model that was asked for. */
function answerModel(incoming: IncomingMessage, response: ServerResponse): void {
  reply(200, { registered_model: { name: modelOf(incoming) } })(incoming, response)
}

async function start(t: Test, settings: Record<string, unknown> = {}): Promise<ProxyProcess> {
  upstream.answer = answerModel
  const proxy = await startProxyProcess({
    upstream: upstream.url,
    issuer,
    settings: { reload: { watchSeconds: 0 }, ...settings },
  })
  t.teardown(() => proxy.close())
  return proxy
}

/** Replaces the configuration as an editor does, in one step. */
function change({ file }: ProxyProcess, settings: Record<string, unknown>): void {
  writeFileSync(`${file}.new`, stringify({ ...parse(readFileSync(file, 'utf8')), ...settings }))
  renameSync(`${file}.new`, file)
}

const renamed = { environments: { acc: { modelSuffix: '_new' } } }

/** The lines about reloads so far. */
const reloads = (proxy: ProxyProcess) => proxy.lines().filter(({ msg }) => /^the configuration was/.test(String(msg)))

async function reload(proxy: ProxyProcess): Promise<Record<string, unknown> | undefined> {
  const before = reloads(proxy).length
  proxy.signal('SIGHUP')
  await waitFor(() => reloads(proxy).length > before, 20)
  return reloads(proxy).at(-1)
}

async function ask(url: string, agent?: Agent): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url + path, { headers, ...(agent && { agent }) }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      answer.once('error', reject).once('end', () => resolve({ status: answer.statusCode, text }))
    })
    asked.once('error', reject).end()
  })
}

/** The model that MLflow was asked for last. */
const asked = () => upstream.received.at(-1)?.url.replace(/.*name=/, '')

async function metric(proxy: ProxyProcess, name: string): Promise<string[]> {
  const text = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  return text.split('\n').filter((line) => line.startsWith(`mlflow_env_proxy_config_${name}`))
}

t.test(
  'SIGHUP under load: no request fails, those in flight end as they began, and kept connections see the new configuration',
  async (t) => {
    const proxy = await start(t)
    const agent = new Agent({ keepAlive: true, maxSockets: 6 })
    t.teardown(() => agent.destroy())
    let isOver = false
    const answers = new Map<string, number>()
    const load = async () => {
      while (!isOver) {
        const { status, text } = await ask(proxy.url, agent)
        const key = `${status} ${/"name": ?"([^"]*)"/.exec(text)?.[1]}`
        answers.set(key, (answers.get(key) ?? 0) + 1)
      }
    }
    const clients = Array.from({ length: 5 }, load)
    const held: (() => void)[] = []
    upstream.answer = (incoming, response) => {
      if (held.length > 0) return answerModel(incoming, response)
      held.push(() => answerModel(incoming, response))
    }
    await waitFor(() => held.length > 0, 20)
    const slow = [...held]
    change(proxy, renamed)
    t.match(await reload(proxy), { cause: 'signal', changed: ['environments.acc.modelSuffix', 'environments.preprod'] })
    await waitFor(() => asked() === 'fraud_new', 20)
    for (let count = 0; count < 3; count++) t.equal((await reload(proxy))?.msg, 'the configuration was reloaded')
    for (const answer of slow) answer()
    isOver = true
    await Promise.all(clients)
    t.same([...answers.keys()], ['200 fraud'], 'nothing but good answers, each with the name as the caller says it')
    t.ok((answers.get('200 fraud') ?? 0) > 20)
    t.same(await metric(proxy, 'reloads_total'), ['mlflow_env_proxy_config_reloads_total{result="good"} 4'])
    proxy.signal('SIGTERM')
    t.equal(await proxy.ended, 0, 'what was replaced does not keep the process')
  },
)

t.test('a file that is wrong changes nothing, says what is wrong, and is taken once it is right', async (t) => {
  const proxy = await start(t)
  const [, before] = await Promise.all([ask(proxy.url), metric(proxy, 'info')])
  change(proxy, { environments: { acc: { modelSuffix: 7 } } })
  const line = await reload(proxy)
  t.match(line, { level: 50, result: 'invalid', msg: 'the configuration was not reloaded: the one before stays' })
  t.match(JSON.stringify(line?.problems), /environments\.acc\.modelSuffix: .*write for example/)
  t.same(await metric(proxy, 'info'), before)
  t.same(await metric(proxy, 'reloads_total'), ['mlflow_env_proxy_config_reloads_total{result="invalid"} 1'])
  t.equal((await ask(proxy.url)).status, 200)
  t.equal(asked(), 'fraud_acc')
  change(proxy, renamed)
  t.match(await reload(proxy), { msg: 'the configuration was reloaded' })
  t.equal((await ask(proxy.url)).status, 200)
  t.equal(asked(), 'fraud_new')
  t.notSame(await metric(proxy, 'info'), before, 'another hash')
  t.match((await metric(proxy, 'last_reload_success'))[0], /^\S+ 1\d{9}/)
})

t.test('what only a restart can change is named, and nothing else of the file is taken', async (t) => {
  const proxy = await start(t)
  change(proxy, { ...renamed, listen: { host: '127.0.0.1', port: 1 }, limits: { memory: '64MiB' } })
  t.match(await reload(proxy), {
    result: 'needs-restart',
    problems: ['listen.port: needs a restart', 'limits.memory: needs a restart'],
  })
  await ask(proxy.url)
  t.equal(asked(), 'fraud_acc')
})

t.test('an issuer that is down keeps a new configuration from locking everybody out', async (t) => {
  const proxy = await start(t)
  issuer.setAnswer('drop')
  t.teardown(() => issuer.setAnswer('keys'))
  change(proxy, renamed)
  t.match(await reload(proxy), { result: 'failed', problems: [/signing keys/] })
  t.equal((await ask(proxy.url)).status, 200)
  t.equal(asked(), 'fraud_acc')
  issuer.setAnswer('keys')
  t.match(await reload(proxy), { msg: 'the configuration was reloaded' })
})

t.test('the file is watched, and its log level is taken', async (t) => {
  const proxy = await start(t, { reload: { watchSeconds: 1 } })
  change(proxy, { ...renamed, log: { level: 'debug' } })
  await waitFor(() => reloads(proxy).length > 0, 20)
  t.match(reloads(proxy), [{ cause: 'file', changed: ['environments.acc.modelSuffix', 'environments.preprod', 'log.level'] }])
  await ask(proxy.url)
  t.equal(asked(), 'fraud_new')
})
