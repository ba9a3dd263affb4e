import t from 'tap'
import { type Fields, objectOf, objectsOf, text } from '../fakes/workspace/call.ts'
import { startGuardedWorkspace } from '../fakes/workspace/guarded-workspace.ts'
import { askWorkspace } from '../fakes/workspace/member.ts'
import type { Refusing } from '../fakes/workspace/refusals.ts'
import { startInProcess } from '../harness/app.ts'
import { startMlflow } from '../harness/mlflow-server.ts'

// What real workspaces answer besides what was asked, and what callers of the proxy make of it.
const mlflow = await startMlflow({ version: '3.17.2' })
const [guarded, shut] = await Promise.all([
  startGuardedWorkspace({ mlflow, storage: 'blob' }),
  startGuardedWorkspace({ mlflow, storage: 'blob', workspaceRegistry: 'disabled' }),
])
const environments = { acc: {}, prod: { production: true, promotesFrom: ['acc'] } }
const before = async ({ settings }: typeof guarded) => {
  const { authority, tenantId, audience } = settings.issuer
  const authentication = { entra: { tenantId, audiences: [audience], authority } }
  return startInProcess({ upstream: settings.upstream, databricksHost: { listen: { port: 0 } }, authentication, environments })
}
const [app, shutApp] = await Promise.all([before(guarded), before(shut)])
t.teardown(async () => {
  await Promise.all([app.close(), shutApp.close()])
  await Promise.all([guarded.close(), shut.close()])
  await mlflow.close()
})
const { workspace } = guarded
const tokens = { acc: await guarded.token({ roles: ['apps_acc'] }), prod: await guarded.token({ roles: ['apps_prod'] }) }
const shutToken = await shut.token({ roles: ['apps_acc'] })
const api = '/api/2.0/mlflow'
const asking =
  (url: string, token: string | null) =>
  (method: string, path: string, fields: Fields = {}) =>
    askWorkspace(url, method, path.startsWith('/api/') || path.startsWith('/-/') ? path : `${api}${path}`, fields, token)
const [acc, prod, closed] = [asking(app.url, tokens.acc), asking(app.url, tokens.prod), asking(shutApp.url, shutToken)]

async function experiment(ask: typeof acc, name: string) {
  const made = await ask('POST', '/experiments/create', { name })
  return text(made.fields, 'experiment_id')
}

t.test('a logged model is registered by the location of its files, a prompt not at all', async (t) => {
  const id = await experiment(acc, 'training')
  const made = await acc('POST', '/logged-models', { experiment_id: id, name: 'fraud' })
  const info = objectOf(objectOf(made.fields.model).info)
  const model = text(info, 'model_id')
  await workspace.storage.write(`databricks/mlflow-tracking/${id}/logged_models/${model}/artifacts/MLmodel`, Buffer.from('x'))
  await acc('POST', '/registered-models/create', { name: 'fraud' })
  const version = { name: 'fraud', source: `models:/${model}`, model_id: model }
  const registered = await acc('POST', '/model-versions/create', version)
  const [location] = [`mlflow-artifacts:/${id}/models/${model}/artifacts`]
  t.match(registered.fields, { model_version: { name: 'fraud', version: '1', source: location } }, registered.text)
  const sent = workspace.calls().findLast(({ path }) => path.endsWith('/model-versions/create'))
  t.equal(
    objectOf(JSON.parse(sent?.body ?? '{}')).source,
    `dbfs:/databricks/mlflow-tracking/${id}/logged_models/${model}/artifacts`,
  )
  const absent = `models:/m-${'0'.repeat(32)}`
  const foreign = await prod('POST', '/registered-models/create', { name: 'other' })
  t.equal(foreign.code, 'OK')
  const [gone, others] = await Promise.all([
    acc('POST', '/model-versions/create', { name: 'fraud', source: absent }),
    asking(app.url, await guarded.token({ roles: ['apps_acc'] }))('POST', '/model-versions/create', {
      name: 'fraud',
      source: absent,
    }),
  ])
  t.same([gone.status, gone.code], [404, 'RESOURCE_DOES_NOT_EXIST'])
  t.equal(gone.text, others.text)
  const tags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }]
  const prompts = [
    await acc('POST', '/registered-models/create', { name: 'greeting', tags }),
    await acc('POST', '/model-versions/create', { name: 'fraud', source: 'dummy-source', tags }),
    await acc('POST', '/model-versions/create', { name: 'fraud', source: 'prompt-template' }),
    await acc('POST', '/registered-models/set-tag', { name: 'fraud', ...tags[0] }),
    await acc('POST', '/model-versions/set-tag', { name: 'fraud', version: '1', ...tags[0] }),
  ]
  for (const each of prompts) t.match(each, { status: 400, code: 'INVALID_PARAMETER_VALUE', text: /no prompts.*Unity Catalog/ })
  t.equal((await acc('GET', '/registered-models/get', { name: 'greeting' })).status, 404, 'and nothing is left behind')
})

t.test('lists are searches of what is one’s own', async (t) => {
  await experiment(acc, 'listed')
  await experiment(prod, 'hidden')
  for (const path of ['/experiments/list', '/api/2.0/preview/mlflow/experiments/list']) {
    const { fields } = await acc('GET', path, { view_type: 'ACTIVE_ONLY', max_results: 100 })
    const names = objectsOf(fields.experiments).map(({ name }) => name)
    t.ok(names.includes('listed') && !names.includes('hidden'), names.join())
    t.notMatch(JSON.stringify(fields), /\/experiments\/|_prod|_acc/)
  }
  await acc('POST', '/registered-models/create', { name: 'second' })
  await prod('POST', '/registered-models/create', { name: 'theirs' })
  const first = await acc('GET', '/registered-models/list', { max_results: 1 })
  t.equal(objectsOf(first.fields.registered_models).length, 1)
  const rest = await acc('GET', '/registered-models/list', { page_token: first.fields.next_page_token })
  const names = [first, rest].flatMap(({ fields }) => objectsOf(fields.registered_models).map(({ name }) => name))
  t.same(names.sort(), ['fraud', 'second'])
})

t.test('every answer contains the number of the workspace, and callers only see themselves', async (t) => {
  const all = [
    await acc('GET', '/experiments/search', { max_results: 1 }),
    await acc('GET', '/registered-models/get', { name: 'fraud_prod' }),
    await acc('GET', '/-/whoami'),
    await acc('POST', '/api/2.0/workspace/delete', { path: '/' }),
    await asking(app.url, null)('GET', '/experiments/search', { max_results: 1 }),
    await asking(app.databricksHost ?? app.url, tokens.acc)('GET', '/registered-models/search', { max_results: 1 }),
  ]
  for (const { status, headers } of all) t.equal(headers.get('x-databricks-org-id'), workspace.id, `status ${status}`)
  for (const url of [app.url, `${app.url}/env/acc`, app.databricksHost ?? app.url]) {
    const me = await asking(url, tokens.acc)('GET', '/api/2.0/preview/scim/v2/Me')
    t.match(me.fields, { active: true, groups: [{ display: 'apps_acc', type: 'direct' }] }, me.text)
    t.notMatch(me.text, /client-of-the-proxy|admins/)
  }
  const others = await acc('GET', '/api/2.0/preview/scim/v2/Users')
  t.equal(others.code, 'PERMISSION_DENIED')
})

t.test('limits and locked networks are told for what they are', async (t) => {
  const run = await acc('POST', '/runs/create', { experiment_id: await experiment(acc, 'limits') })
  const run_id = text(objectOf(objectOf(run.fields.run).info), 'run_id')
  const requests: readonly (readonly [string, () => ReturnType<typeof acc>])[] = [
    ['a read', () => acc('GET', '/runs/get', { run_id })],
    ['a search', () => acc('POST', '/runs/search', { experiment_ids: ['0'] })],
    ['a tag', () => acc('POST', '/runs/set-tag', { run_id, key: 'k', value: 'v' })],
    ['a create', () => acc('POST', '/runs/create', { experiment_id: '0' })],
  ]
  const ways: readonly (readonly [Refusing, number, string, RegExp])[] = [
    ['rateLimit400', 429, 'REQUEST_LIMIT_EXCEEDED', /rate limit/],
    ['rateLimit429', 429, 'REQUEST_LIMIT_EXCEEDED', /rate limit/],
    ['unavailable', 503, 'TEMPORARILY_UNAVAILABLE', /temporarily unavailable|again/],
    ['privateLink', 501, 'INTERNAL_ERROR', /Private Link/],
    ['ipAccessList', 501, 'INTERNAL_ERROR', /IP access list/],
    ['networkPolicy', 501, 'INTERNAL_ERROR', /network/],
  ]
  for (const [how, status, code, sentence] of ways) {
    workspace.fail(/^\/api\/2\.0\/mlflow\/runs\//, how)
    for (const [name, ask] of requests) {
      const given = await ask()
      t.match(given, { status, code, text: sentence }, `${name}, ${how}`)
      if (status === 429) t.match(given.headers.get('retry-after'), /^\d+$/)
      t.notMatch(given.text, /203\.0\.113/, 'not whose address it is')
    }
  }
  workspace.fail(null)
  t.equal((await acc('GET', '/runs/get', { run_id })).status, 200)
})

t.test('a serving endpoint that is there already is a conflict, by its own name', async (t) => {
  await workspace.storage.write('x', Buffer.from('x'))
  const entity = { entity_name: 'fraud', entity_version: '1', workload_size: 'Small', scale_to_zero_enabled: true }
  const endpoint = { name: 'scoring', config: { served_entities: [entity] } }
  const first = await acc('POST', '/api/2.0/serving-endpoints', endpoint)
  t.equal(first.status, 200, first.text)
  const again = await acc('POST', '/api/2.0/serving-endpoints', endpoint)
  t.match(again, { status: 409, code: 'RESOURCE_ALREADY_EXISTS', text: /scoring already exists/ })
  t.notMatch(again.text, /scoring[-_]acc|acc[-_]scoring/)
})

t.test('a disabled registry is said so everywhere, and everything else works', async (t) => {
  const version = { name: 'fraud', version: '1' }
  const given = [
    await closed('GET', '/registered-models/search', { max_results: 1 }),
    await closed('GET', '/registered-models/list'),
    await closed('GET', '/registered-models/get', { name: 'fraud' }),
    await closed('POST', '/registered-models/create', { name: 'fraud' }),
    await closed('POST', '/registered-models/get-latest-versions', { name: 'fraud' }),
    await closed('GET', '/model-versions/get', version),
    await closed('POST', '/model-versions/transition-stage', { ...version, stage: 'Staging' }),
    await closed('GET', '/databricks/registered-models/get', { name: 'fraud' }),
  ]
  for (const each of given) {
    t.match(each, { status: 403, code: 'PERMISSION_DENIED', text: /legacy workspace model registry is disabled/ })
    t.match(each.text, /Unity Catalog/)
  }
  const id = await experiment(closed, 'still')
  const run = await closed('POST', '/runs/create', { experiment_id: id })
  const run_id = text(objectOf(objectOf(run.fields.run).info), 'run_id')
  t.equal((await closed('POST', '/runs/delete', { run_id })).status, 200)
  const catalog = await asking(app.databricksHost ?? app.url, tokens.acc)('GET', '/unity-catalog/registered-models/get', {
    name: 'a.b.c',
  })
  t.match(catalog, { status: 403, text: /set_registry_uri/ }, 'and the other way round a client is told what to set')
})
