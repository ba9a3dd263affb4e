import t, { type Test } from 'tap'
import { runCommand } from '../../../src/commands/run-command.ts'
import { type RegistryUpstream, startRegistryUpstream } from '../../fakes/registry-upstream.ts'
import { type App, startApp } from '../../harness/app.ts'

interface Setup {
  readonly app: App
  readonly registry: RegistryUpstream
  readonly people: Readonly<Record<'ann' | 'bob' | 'cleo' | 'reader' | 'stranger', string>>
}

const rule = { from: 'acc', to: 'prod', approvers: ['approvers'] }

/** Ann works in acc and approves, Bob approves, Cleo works in acc; each in a setup of its own. */
async function prepare(t: Test, more: object = {}, failing: () => string | null = () => null): Promise<Setup> {
  const registry = await startRegistryUpstream()
  const environments = { acc: { readers: ['lookers'] }, dev: {}, prod: { production: true } }
  const promotions = [{ ...rule, ...more }]
  const app = await startApp({ upstream: registry.url, environments, more: { promotions }, auditFailing: failing })
  t.teardown(async () => {
    await app.close()
    await registry.close()
  })
  const person = (number: number, ...roles: string[]) => {
    const oid = `00000000-0000-4000-8000-00000000000${number}`
    return app.issuer.token({ roles, oid, sub: oid })
  }
  const [ann, bob, cleo, reader, stranger] = await Promise.all([
    person(1, 'apps_acc', 'approvers'),
    person(2, 'approvers'),
    person(3, 'apps_acc'),
    person(4, 'lookers'),
    person(5, 'apps_dev'),
  ])
  return { app, registry, people: { ann, bob, cleo, reader, stranger } }
}

type Who = keyof Setup['people']

async function send({ app, people }: Setup, who: Who, method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${people[who]}`, 'content-type': 'application/json' }
  const response = await fetch(`${app.url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  const text = await response.text()
  return { status: response.status, text, body: JSON.parse(text) }
}

const named = { from: 'acc', to: 'prod', model: 'fraud', version: '1' }
const step = (setup: Setup, who: Who, action: string, other: object = {}) =>
  send(setup, who, 'POST', '/-/promote', { action, ...named, ...other })
const look = (setup: Setup, who: Who, other: object = {}) =>
  send(setup, who, 'GET', `/-/promote?${new URLSearchParams({ ...named, ...other })}`)
const copies = ({ registry }: Setup) => registry.versions.filter(({ name }) => name === 'fraud_prod')
const tag = (setup: Setup, key: string, value: string) => setup.registry.versions[0]?.tags.push({ key, value })

t.test('without rules there is no such address', async (t) => {
  const registry = await startRegistryUpstream()
  const app = await startApp({ upstream: registry.url })
  t.teardown(async () => {
    await app.close()
    await registry.close()
  })
  const { status } = await fetch(`${app.url}/-/promote`, { headers: { authorization: `Bearer ${app.token}` } })
  t.equal(status, 404)
})

t.test('whoever has nothing to do with it learns nothing: the same as for a version that is absent', async (t) => {
  const setup = await prepare(t)
  const absent = await look(setup, 'cleo', { version: '99' })
  t.equal(absent.status, 404)
  const same = (answer: { status: number; text: string }, version = '99') =>
    t.same([answer.status, answer.text], [404, absent.text.replace('99', version)])
  same(await look(setup, 'stranger', { version: '99' }))
  same(await look(setup, 'stranger'), '1')
  same(await look(setup, 'stranger', { from: 'nowhere' }), '1')
  same(await look(setup, 'ann', { to: 'dev' }), '1')
  same(await look(setup, 'ann', { from: 'prod', to: 'acc' }), '1')
  for (const action of ['ask', 'approve', 'decline', 'withdraw']) same(await step(setup, 'stranger', action), '1')
  same(
    await look(setup, 'bob', { model: 'fraud_prod' }).then(({ status, text }) => ({ status, text: text.replace('_prod', '') })),
    '1',
  )
  t.same((await send(setup, 'stranger', 'GET', '/-/promote')).body, { promotions: [], waiting: [] })
  t.same(setup.registry.changes, [])
})

t.test('who may do what', async (t) => {
  const setup = await prepare(t)
  t.match(await step(setup, 'reader', 'ask'), { status: 403, body: { message: /not only its readers/ } })
  t.match((await look(setup, 'reader')).body, { state: 'open', may: { ask: false, approve: false } }, 'readers look')
  t.match(await step(setup, 'bob', 'ask'), { status: 403 }, 'an approver asks for nothing')
  t.match(await step(setup, 'bob', 'approve'), { status: 409, body: { message: /Nobody asks/ } })
  t.match(await step(setup, 'ann', 'ask'), { status: 200, body: { state: 'asked', may: { approve: false, withdraw: true } } })
  t.match(await step(setup, 'ann', 'approve'), { status: 403, body: { message: /takes two people/ } })
  t.match(await step(setup, 'cleo', 'approve'), { status: 403, body: { message: /Only approvers/ } })
  t.match(await step(setup, 'bob', 'decline'), { status: 200, body: { state: 'open' } })
  t.match(await step(setup, 'bob', 'approve'), { status: 409 }, 'what was declined is not approved')
  t.same(copies(setup), [])
  await step(setup, 'cleo', 'ask')
  t.match(await step(setup, 'ann', 'withdraw'), { status: 200, body: { state: 'open' } }, 'colleagues withdraw it')
  await step(setup, 'cleo', 'ask')
  t.match(await step(setup, 'ann', 'approve'), { status: 200, body: { state: 'promoted', promotedAs: '1' } })
  t.match(copies(setup), [{ source: 'models:/fraud_acc/1', current_stage: 'Production' }])
})

t.test('one person is enough where the rule says so', async (t) => {
  const setup = await prepare(t, { people: 1 })
  await step(setup, 'ann', 'ask')
  t.match((await step(setup, 'ann', 'approve')).body, { state: 'promoted' })
})

t.test('tags and metrics are demanded when somebody asks, and again when somebody approves', async (t) => {
  const setup = await prepare(t, { requiredTags: ['seen', 'bias=passed'], metrics: [{ name: 'auc', min: 0.9, max: 1 }] })
  const unmet = ["it has no tag 'seen'", "it has no tag 'bias'", "its run has no metric 'auc'"]
  t.same((await look(setup, 'ann')).body.unmet, unmet)
  t.equal((await step(setup, 'ann', 'ask')).status, 403)
  tag(setup, 'seen', '')
  tag(setup, 'bias', 'failed')
  const measured = { key: 'auc', value: 'NaN' as unknown }
  setup.registry.metrics.push(measured)
  for (const value of ['NaN', 0.8, 1.5, 'Infinity']) {
    measured.value = value
    t.match((await look(setup, 'ann')).body.unmet, [/'bias' is not 'passed'/, /auc/], `${value}`)
  }
  measured.value = 0.95
  const [version] = setup.registry.versions
  if (version !== undefined)
    version.tags = [
      { key: 'seen', value: '' },
      { key: 'bias', value: 'passed' },
    ]
  t.equal((await step(setup, 'ann', 'ask')).status, 200)
  measured.value = 0.5
  t.match(await step(setup, 'bob', 'approve'), { status: 403, body: { message: /below 0.9/ } }, 'behind the back of the proxy')
  t.same(copies(setup), [])
})

t.test('the record is on the copy from the moment that it exists, and the request is gone', async (t) => {
  const setup = await prepare(t)
  tag(setup, 'team', 'fraud')
  await step(setup, 'ann', 'ask')
  let made: unknown
  setup.registry.before = (path, body) => {
    if (path === 'model-versions/create') made = body
    return 'answer'
  }
  await step(setup, 'bob', 'approve')
  t.match(made, { name: 'fraud_prod', source: 'models:/fraud_acc/1' })
  const [copy] = copies(setup)
  const tags = Object.fromEntries(
    copy?.tags.map(({ key, value }) => [key.replace('mlflow_env_proxy_promotion_', ''), value]) ?? [],
  )
  t.match(tags, { team: 'fraud', id: /^[0-9a-f]{16}$/, from: 'acc', model: 'fraud', version: '1', asked_at: /^20.*Z$/ })
  t.same(
    setup.registry.versions[0]?.tags.map(({ key }) => key),
    ['team'],
  )
})

t.test('interrupted at any change, it is completed by doing it again, and never twice', async (t) => {
  const setup = await prepare(t)
  await step(setup, 'ann', 'ask')
  let count = 0
  setup.registry.before = () => {
    count += 1
    return 'answer'
  }
  await step(setup, 'bob', 'approve')
  const steps = count
  t.ok(steps > 5, `${steps} changes`)
  for (const how of ['lose', 'refuse'] as const) {
    for (let at = 1; at <= steps; at++) await interrupt(t, setup, how, at)
  }
})

async function interrupt(t: Test, setup: Setup, how: 'lose' | 'refuse', at: number): Promise<void> {
  const { registry } = setup
  registry.reset()
  await step(setup, 'ann', 'ask')
  let count = 0
  let broken = ''
  registry.before = (path) => {
    count += 1
    if (count < at) return 'answer'
    broken ||= path
    return how
  }
  await step(setup, 'bob', 'approve')
  const what = `${how} from change ${at} on (${broken})`
  t.ok(copies(setup).length <= 1, what)
  registry.before = () => 'answer'
  // The claim of whoever was interrupted counts for a time.
  const [version] = registry.versions
  if (version !== undefined)
    version.tags = version.tags.map((each) => (each.key.includes('_claim_') ? { ...each, value: '0' } : each))
  const again = await step(setup, 'bob', 'approve')
  t.match(again, { status: 200, body: { state: 'promoted', promotedAs: '1' } }, `${what}: completed`)
  t.equal(copies(setup).length, 1, `${what}: once`)
  const left = version?.tags.filter(({ key }) => !key.includes('_claim_'))
  t.same(left, [], `${what}: nothing is left over but a claim that counts no more`)
}

t.test('of two who carry it out at once, one at most does', async (t) => {
  const setup = await prepare(t)
  await step(setup, 'ann', 'ask')
  const answers = await Promise.all(Array.from({ length: 6 }, () => step(setup, 'bob', 'approve')))
  const statuses = new Set(answers.map(({ status }) => status))
  t.ok(
    [...statuses].every((status) => status === 200 || status === 409),
    [...statuses].join(),
  )
  t.ok(copies(setup).length <= 1)
  t.equal((await step(setup, 'bob', 'approve')).body.promotedAs, '1')
  t.equal(copies(setup).length, 1)
})

t.test('while the outcome of a copy is unknown, nobody copies again', async (t) => {
  const setup = await prepare(t)
  await step(setup, 'ann', 'ask')
  setup.registry.before = (path) => (path === 'model-versions/create' ? 'lose' : 'answer')
  t.equal((await step(setup, 'bob', 'approve')).status, 409)
  setup.registry.before = () => 'answer'
  t.match(await step(setup, 'bob', 'approve'), { status: 409, body: { message: /is being carried out/ } })
  t.match(await step(setup, 'ann', 'withdraw'), { status: 409 }, 'nor is it withdrawn')
  t.equal(copies(setup).length, 1)
})

t.test('one version has one request at a time', async (t) => {
  const setup = await prepare(t)
  tag(setup, 'mlflow_env_proxy_promotion', JSON.stringify(['1', 'elsewhere', ['a', 'A', '2026-01-01T00:00:00Z']]))
  t.match(await step(setup, 'ann', 'ask'), { status: 409, body: { message: /'elsewhere'/ } })
})

t.test('what cannot be read in one way is refused', async (t) => {
  const setup = await prepare(t)
  for (const other of [{ extra: '1' }, { version: 1 }, { action: 'now' }, { model: '' }])
    t.equal((await step(setup, 'ann', 'ask', other)).status, 400, JSON.stringify(other))
  t.equal((await step(setup, 'ann', 'ask', { version: '01' })).status, 404)
  t.equal((await step(setup, 'ann', 'ask', { model: 'x'.repeat(2_000) })).status, 400)
})

t.test('a page of another site takes no step', async (t) => {
  const setup = await prepare(t)
  const headers = { authorization: `Bearer ${setup.people.ann}`, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  const form = new URLSearchParams({ action: 'ask', ...named })
  const response = await fetch(`${setup.app.url}/-/promote`, { method: 'POST', headers, body: form })
  t.equal(response.status, 400)
  t.same(setup.registry.changes, [])
})

t.test('the command asks, approves and says how it stands', async (t) => {
  const setup = await prepare(t)
  const run = async (who: Who, ...args: string[]) => {
    const said = { out: '', err: '' }
    const env = { MLFLOW_TRACKING_URI: `${setup.app.url}/env/acc`, MLFLOW_TRACKING_TOKEN: setup.people[who] }
    const hear = (end: 'out' | 'err') => (text: string) => {
      said[end] += text
    }
    const terminal = { out: hear('out'), err: hear('err') }
    const code = await runCommand(['promote', 'fraud', '1', '--from', 'acc', '--to', 'prod', ...args], env, terminal)
    return { code, ...said }
  }
  t.match(await run('ann', '--show'), { code: 0, out: 'fraud 1, from acc to prod: nobody has requested it.' })
  t.match(await run('ann'), { code: 0, out: /waits for approval; asked for by 0000.*1, 20.*Z/ })
  t.match(await run('ann', '--approve'), { code: 1, err: /takes two people/ })
  t.match(await run('stranger'), { code: 1, err: 'Model Version (name=fraud, version=1) not found' })
  t.match(await run('bob', '--approve', '--json'), { code: 0, out: /"state":"promoted"/ })
  t.match(await run('ann'), { code: 0, out: 'promoted, it is version 1 there' })
  t.match(await run('ann', '--approve', '--decline'), { code: 2 })
  t.match(await run('ann', '--url', 'http://127.0.0.1:1'), { code: 1, err: /./ })
  t.match(await run('ann', '--url', 'nowhere'), { code: 1, err: /--url/ })
})

t.test('those who may see it see what waits, and what they may do', async (t) => {
  const setup = await prepare(t)
  const list = async (who: Who) => (await send(setup, who, 'GET', '/-/promote')).body.waiting
  const run = async (who: Who, ...args: string[]) => {
    const said: string[] = []
    const hear = (text: string) => void said.push(text)
    const terminal = { out: hear, err: hear }
    const env = { MLFLOW_TRACKING_URI: setup.app.url, MLFLOW_TRACKING_TOKEN: setup.people[who] }
    const code = await runCommand(['promotions', ...args], env, terminal)
    return { code, out: said.join('') }
  }
  t.same(await list('bob'), [])
  t.same(await run('bob'), { code: 0, out: 'Nothing waits.\n' })
  await step(setup, 'ann', 'ask')
  const one = { from: 'acc', to: 'prod', model: 'fraud', version: '1', state: 'asked', approved: null }
  t.match(await list('bob'), [{ ...one, asked: { by: /./, at: /^20.*Z$/ }, may: { approve: true, withdraw: false } }])
  t.match(await list('ann'), [{ ...one, may: { approve: false, withdraw: true } }], 'who asked approves nothing')
  t.match(await list('reader'), [{ ...one, may: { approve: false, decline: false, withdraw: false } }])
  t.same(await list('stranger'), [])
  t.match(await run('bob'), { code: 0, out: /^fraud 1, from acc to prod: waits for your approval; asked for by .*, 20.*Z\n$/ })
  t.match(await run('cleo'), { code: 0, out: /^fraud 1, from acc to prod: waits for approval;/ })
  t.match(await run('cleo', '--json'), { code: 0, out: /"waiting":\[\{"from":"acc"/ })
  t.match(await run('bob', '--url', 'http://127.0.0.1:1'), { code: 1, out: /./ })
  const headers = { accept: 'application/xhtml+xml', authorization: `Bearer ${setup.people.bob}` }
  const page = await (await fetch(`${setup.app.url}/-/promote`, { headers })).text()
  t.match(page, /<li><a href="promote\?from=acc&amp;to=prod&amp;model=fraud&amp;version=1">fraud 1<\/a>.*waits for your approval/)
  const forged = { name: 'fraud_dev', version: '1', source: 'x', run_id: 'x', current_stage: 'None' }
  const value = setup.registry.versions[0]?.tags.find(({ key }) => key === 'mlflow_env_proxy_promotion')?.value ?? ''
  setup.registry.versions.push({ ...forged, tags: [{ key: 'mlflow_env_proxy_promotion', value }] })
  setup.registry.versions.push({
    ...forged,
    name: 'fraud_acc',
    version: '2',
    tags: [{ key: 'mlflow_env_proxy_promotion', value: 'x' }],
  })
  t.equal((await list('bob')).length, 1, 'no version of another environment, and none whose tag says nothing')
  await step(setup, 'bob', 'decline')
  t.same(await list('bob'), [])
})

t.test('what nobody could account for is not done', async (t) => {
  const setup = await prepare(t, {}, () => 'the disk is full')
  for (const action of ['ask', 'withdraw']) t.equal((await step(setup, 'ann', action)).status, 503, action)
  t.same(setup.registry.changes, [])
})

t.test('every step has an audit line of its own', async (t) => {
  const setup = await prepare(t)
  await step(setup, 'ann', 'ask')
  await step(setup, 'bob', 'approve')
  const written = () => setup.app.lines().filter(({ audit }) => audit === true)
  while (written().length < 2) await new Promise(setImmediate)
  const [asked, approved] = written()
  const promotion = { from: 'acc', to: 'prod', id: /^[0-9a-f]{16}$/, askedBy: /00001$/, newVersion: null, approvedBy: null }
  t.match(asked, { endpoint: 'promote', action: 'update', environment: 'acc', decision: 'allow', promotion })
  const references = [{ kind: 'model', logical: 'fraud', upstream: 'fraud_acc', version: '1' }]
  t.match(approved, { action: 'create', references, promotion: { ...promotion, approvedBy: /00002$/, newVersion: '1' } })
})
