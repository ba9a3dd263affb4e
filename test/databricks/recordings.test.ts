import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startIssuer } from '../fakes/issuer.ts'
import { type Fields, objectOf, text } from '../fakes/workspace/call.ts'
import { joinWorkspace, type TestMember } from '../fakes/workspace/member.ts'
import type { Refusing } from '../fakes/workspace/refusals.ts'
import { startWorkspace } from '../fakes/workspace/start-workspace.ts'
import { differences, readRecordings } from '../fixtures/compare-recording.ts'
import { startMlflow } from '../harness/mlflow-server.ts'

// What real workspaces were seen to answer (recordings/, each with its source) is what the stand-in answers, field by field.
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
const workspace = await startWorkspace({ mlflow, issuer, storage: 'blob' })
const closed = await startWorkspace({ mlflow, issuer, storage: 'blob', workspaceRegistry: 'disabled' })
t.teardown(async () => {
  await Promise.all([workspace.close(), closed.close()])
  await Promise.all([mlflow.close(), issuer.close()])
})
const objectId = '00000000-0000-4000-8000-00000000000a'
const person = { objectId, name: 'ann@example.com', displayName: 'Ann Example', kind: 'user' } as const
const service = { objectId: '00000000-0000-4000-8000-00000000000b', displayName: 'Nightly Training', groups: ['admins'] } as const
const application = '00000000-0000-4000-8000-0000000000bb'
const ann = await joinWorkspace(workspace, issuer, person)
const robot = await joinWorkspace(workspace, issuer, { ...service, name: application })
const shut = await joinWorkspace(closed, issuer, person)
const recordings = readRecordings()
const api = '/api/2.0/mlflow'
const search = `${api}/registered-models/search`

interface Asked {
  readonly member?: TestMember
  readonly fields?: Fields
  /** What stands in the braces of the address. */
  readonly id?: string
  readonly names?: Fields
}

const compared = new Set<string>()

async function compare(t: Test, name: string, { member = ann, fields = {}, id = '', names = {} }: Asked) {
  const recording = recordings.get(name)
  if (recording === undefined) throw new Error(`there is no recording ${name}`)
  const [method = '', path = ''] = recording.asked.split(' ')
  const given = await member.ask(method, path.replace('{id}', id), fields)
  const location = given.headers.get('location')
  t.same(differences(recording, { status: given.status, location, answer: given.fields }, names), [], name)
  compared.add(name)
}

t.test('experiments, and what a workspace says of them by itself', async (t) => {
  const names = { '/Users/ann@example.com/churn': 'experiment', 'ann@example.com': 'user' }
  const made = await ann.ask('POST', `${api}/experiments/create`, { name: '/Users/ann@example.com/before' })
  const { experiment_id } = made.fields
  await ann.ask('POST', `${api}/experiments/update`, { experiment_id, new_name: '/Users/ann@example.com/churn' })
  await compare(t, 'experiment', { fields: { experiment_id }, names })
})

t.test('registered models and their copies', async (t) => {
  const names = { fraud: 'model', 'ann@example.com': 'user', 'Ann Example': 'display name', Best: 'description' }
  const experiment = await ann.ask('POST', `${api}/experiments/create`, { name: '/Users/ann@example.com/training' })
  const run = await ann.ask('POST', `${api}/runs/create`, { experiment_id: experiment.fields.experiment_id })
  const info = objectOf(objectOf(run.fields.run).info)
  const source = `${text(info, 'artifact_uri')}/fraud`
  await workspace.storage.write(`${source.replace('dbfs:/', '')}/MLmodel`, Buffer.from('x'))
  await ann.ask('POST', `${api}/registered-models/create`, { name: 'fraud', description: 'Best' })
  const create = (from: string, rest: Fields = {}) =>
    ann.ask('POST', `${api}/model-versions/create`, { name: 'fraud', source: from, ...rest })
  await create(source, { run_id: info.run_id, description: 'Best' })
  await sleep(500)
  const version = { name: 'fraud', version: '1' }
  await ann.ask('POST', `${api}/model-versions/transition-stage`, { ...version, stage: 'Production' })
  await compare(t, 'model-version', { fields: version, names })
  await compare(t, 'registered-model', { fields: { name: 'fraud' }, names })
  await compare(t, 'download-uri', { fields: version, names })
  const model = await ann.ask('GET', `${api}/databricks/registered-models/get`, { name: 'fraud' })
  const id = text(objectOf(model.fields.registered_model_databricks), 'id')
  await compare(t, 'model-permissions', { id, names })
  const copy = await ann.ask('GET', `${api}/model-versions/get-download-uri`, version)
  await create(text(copy.fields, 'artifact_uri'))
  await sleep(200)
  await compare(t, 'failed-copy', { fields: { name: 'fraud', version: '2' }, names })
  t.match(await create('models:/m-0123456789abcdef0123456789abcdef'), { status: 400 }, "a logged model's URI is no source there")
  t.match(await create('dummy-source'), { status: 400 }, "nor is a prompt's")
})

t.test('who one is, what is there already', async (t) => {
  const names = {
    [application]: 'application',
    'Nightly Training': 'display name',
    Nightly: 'given name',
    Training: 'family name',
  }
  await compare(t, 'me', { member: robot, names })
  const fields = { name: 'scoring', config: {} }
  await ann.ask('POST', '/api/2.0/serving-endpoints', fields)
  await compare(t, 'endpoint-exists', { fields, names: { scoring: 'endpoint' } })
})

t.test('how a workspace, or what stands before it, turns people away', async (t) => {
  await compare(t, 'registry-disabled', { member: shut })
  const ways: readonly [string, Refusing][] = [
    ['ip-access-list', 'ipAccessList'],
    ['rate-limit', 'rateLimit400'],
    ['unavailable', 'unavailable'],
    ['private-link', 'privateLink'],
  ]
  for (const [name, how] of ways) {
    workspace.fail(/registered-models/, how)
    await compare(t, name, {})
  }
  workspace.fail(null)
  t.equal((await ann.ask('GET', search)).status, 200)
})

t.test('no recording is left out', async (t) => {
  t.same(
    [...recordings.keys()].filter((name) => !compared.has(name)),
    [],
  )
})
