import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { askUpstream, pick } from '../attacks/attack-setup.ts'
import { startApp } from '../harness/app.ts'
import { listen } from '../harness/listen.ts'
import { startMlflow } from '../harness/mlflow-server.ts'

/** A language model that says a few words, slowly. */
const model = createServer((request, response) => {
  request.resume().once('end', async () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const content of ['one', 'two', 'three']) {
      const choices = [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }]
      response.write(
        `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-4', choices })}\n\n`,
      )
      await sleep(300)
    }
    response.end('data: [DONE]\n\n')
  })
})
const port = await listen(model)

const server = await startMlflow({
  version: newestMlflow,
  env: {
    MLFLOW_CRYPTO_KEK_PASSPHRASE: 'a passphrase that is for this test alone',
    MLFLOW_GATEWAY_API_BASE_ALLOWED_SCHEMES: 'http,https',
    MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS: 'true',
  },
})
const app = await startApp({
  upstream: server.url,
  environments: {
    acc: { gateway: true, administrators: ['admins_acc'], gatewayHosts: [`127.0.0.1:${port}`] },
    preprod: { gateway: true, administrators: ['admins_preprod'] },
  },
})
const admin = await app.issuer.token({ roles: ['admins_acc'] })
t.teardown(async () => {
  await app.close()
  await server.close()
  model.close()
  model.closeAllConnections()
})

const gateway = '/api/3.0/mlflow/gateway'
const messages = [{ role: 'user', content: 'count' }]

/** Sends one request; to the proxy with a token, to MLflow itself without. */
type Send = (method: string, path: string, body?: object) => Promise<Record<string, unknown>>
const pastTheProxy: Send = (method, path, body) => askUpstream(server.url, method, path, body)
const asAdministrator: Send = async (method, path, body) => {
  const { status, text } = await ask(path, body, { method, token: admin })
  if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`)
  return JSON.parse(text)
}

/** The ids of an endpoint that was made, and of what it is made of. */
interface Made {
  readonly secret_id: string
  readonly model_definition_id: string
  readonly endpoint_id: string
}

/** An endpoint `name` that asks model `gpt of <name>` with secret `key of <name>`, each with a suffix. */
async function makeEndpoint(send: Send, name: string, suffix = ''): Promise<Made> {
  const auth_config = { api_base: `http://127.0.0.1:${port}/v1` }
  const secret = { secret_name: `key of ${name}${suffix}`, secret_value: { api_key: 'k' }, provider: 'openai', auth_config }
  const secret_id = pick(await send('POST', `${gateway}/secrets/create`, secret), 'secret', 'secret_id')
  const definition = { name: `gpt of ${name}${suffix}`, secret_id, provider: 'openai', model_name: 'gpt-4' }
  const made = await send('POST', `${gateway}/model-definitions/create`, definition)
  const model_definition_id = pick(made, 'model_definition', 'model_definition_id')
  const model_configs = [{ model_definition_id, linkage_type: 'PRIMARY', weight: 1 }]
  const endpoint = { name: `${name}${suffix}`, model_configs, usage_tracking: false }
  const endpoint_id = pick(await send('POST', `${gateway}/endpoints/create`, endpoint), 'endpoint', 'endpoint_id')
  return { secret_id, model_definition_id, endpoint_id }
}

async function ask(path: string, body?: object, { token = app.token, method = body ? 'POST' : 'GET' } = {}) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(app.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  const chunks: string[] = []
  for await (const chunk of response.body ?? []) chunks.push(Buffer.from(chunk).toString('utf8'))
  return { status: response.status, text: chunks.join(''), chunks: chunks.length }
}

t.test('the AI gateway of a real server, with endpoints of two environments', { timeout: 120_000 }, async (t) => {
  await makeEndpoint(asAdministrator, 'chat')
  await makeEndpoint(pastTheProxy, 'chat', '_preprod')
  const listed = JSON.parse((await ask('/gateway/mlflow/v1/models')).text)
  t.same(
    listed.data.map(({ id }: { id: string }) => id),
    ['chat'],
  )
  const asked = [
    ['/gateway/mlflow/v1/chat/completions', { model: 'chat', stream: true, messages }],
    ['/gateway/openai/v1/chat/completions', { model: 'chat_acc', stream: true, messages }],
    ['/gateway/chat/mlflow/invocations', { stream: true, messages }],
  ] as const
  for (const [path, body] of asked) {
    const { status, text, chunks } = await ask(path, body)
    t.equal(status, 200, `${path}: ${text.slice(0, 300)}`)
    t.match(text, /one.*two.*three/s, path)
    t.ok(chunks >= 3, `${path}: in ${chunks} parts`)
  }
  t.equal((await ask('/gateway/mlflow/v1/chat/completions', { model: 'chat_preprod', messages })).status, 403)
  const missing = await ask('/gateway/mlflow/v1/chat/completions', { model: 'nothing', messages })
  t.ok(missing.status >= 400 && missing.status < 500, `${missing.status}`)
  t.match(missing.text, /nothing/)
  t.notMatch(missing.text, /_acc|preprod/)
})

t.test('an administrator’s own things, and nobody else’s', { timeout: 120_000 }, async (t) => {
  const own = await makeEndpoint(asAdministrator, 'judge')
  const other = await makeEndpoint(pastTheProxy, 'judge', '_preprod')
  const stored = await pastTheProxy('GET', `${gateway}/endpoints/get?endpoint_id=${own.endpoint_id}`)
  t.match(stored, {
    endpoint: {
      name: 'judge_acc',
      model_mappings: [{ model_definition: { name: 'gpt of judge_acc', secret_name: 'key of judge_acc' } }],
    },
  })
  const seen = await asAdministrator('GET', `${gateway}/endpoints/get?name=judge`)
  t.match(seen, {
    endpoint: { name: 'judge', model_mappings: [{ model_definition: { name: 'gpt of judge', secret_name: 'key of judge' } }] },
  })
  for (const list of ['endpoints', 'model-definitions', 'secrets']) {
    const text = JSON.stringify(await asAdministrator('GET', `${gateway}/${list}/list`))
    t.match(text, /judge"/, list)
    t.notMatch(text, /_acc|_preprod/, list)
  }
  const { secret_id, model_definition_id, endpoint_id } = other
  const foreign = [{ model_definition_id, linkage_type: 'PRIMARY' }]
  const attacks: readonly (readonly [method: string, path: string, body: object | undefined, status: number])[] = [
    ['GET', `secrets/get?secret_id=${secret_id}`, undefined, 404],
    ['POST', 'secrets/update', { secret_id, auth_config: { api_base: 'https://thief.example.com' } }, 404],
    ['DELETE', 'secrets/delete', { secret_id }, 404],
    ['POST', 'secrets/create', { secret_name: 'x_preprod', secret_value: { api_key: 'k' } }, 403],
    ['POST', 'model-definitions/create', { name: 'x', secret_id, provider: 'openai', model_name: 'x' }, 404],
    ['POST', 'model-definitions/update', { model_definition_id: own.model_definition_id, secret_id }, 404],
    ['POST', 'model-definitions/update', { model_definition_id: own.model_definition_id, name: 'x_preprod' }, 403],
    ['DELETE', 'model-definitions/delete', { model_definition_id }, 404],
    ['POST', 'endpoints/create', { name: 'x', model_configs: foreign }, 404],
    ['POST', 'endpoints/update', { endpoint_id: own.endpoint_id, model_configs: foreign }, 404],
    ['POST', 'endpoints/update', { endpoint_id, name: 'x' }, 404],
    ['GET', 'endpoints/get?name=judge_preprod', undefined, 403],
    ['POST', 'endpoints/models/attach', { endpoint_id: own.endpoint_id, model_config: foreign[0] }, 404],
    ['POST', 'endpoints/set-tag', { endpoint_id, key: 'a', value: 'b' }, 404],
    ['DELETE', 'endpoints/delete', { endpoint_id }, 404],
    ['GET', 'budgets/list', undefined, 403],
  ]
  // The same of things that nobody has.
  const withoutOther = (text: string) =>
    Object.values(other).reduce((rest, id) => rest.replaceAll(id, `${id.slice(0, 2)}${'f'.repeat(32)}`), text)
  for (const [method, path, body, status] of attacks) {
    const answer = await ask(`${gateway}/${path}`, body, { method, token: admin })
    t.equal(answer.status, status, `${method} ${path}: ${answer.text}`)
    if (status === 404) {
      const inBody = body && JSON.parse(withoutOther(JSON.stringify(body)))
      const absent = await ask(withoutOther(`${gateway}/${path}`), inBody, { method, token: admin })
      t.equal(withoutOther(answer.text), absent.text, `${method} ${path}: as if it did not exist`)
    }
    t.equal((await ask(`${gateway}/${path}`, body, { method })).status, 403, `${method} ${path} of who is no administrator`)
  }
  const { model_definition_id: definition } = own
  const kept: readonly (readonly [method: string, path: string, body: object])[] = [
    ['POST', 'secrets/update', { secret_id: own.secret_id, secret_value: { api_key: 'new' } }],
    ['POST', 'model-definitions/update', { model_definition_id: definition, model_name: 'gpt-5' }],
    ['POST', 'endpoints/update', { endpoint_id: own.endpoint_id, name: 'arbiter' }],
    ['DELETE', 'endpoints/delete', { endpoint_id: own.endpoint_id }],
    ['DELETE', 'model-definitions/delete', { model_definition_id: definition }],
  ]
  for (const [method, path, body] of kept) await asAdministrator(method, `${gateway}/${path}`, body)
  const untouched = await pastTheProxy('GET', `${gateway}/endpoints/get?endpoint_id=${endpoint_id}`)
  t.match(untouched, { endpoint: { name: 'judge_preprod', model_mappings: [{ model_definition_id }] } })
  const taken = await ask(
    `${gateway}/secrets/create`,
    { secret_name: 'key of judge', secret_value: { api_key: 'k' } },
    { token: admin },
  )
  t.match(taken.text, /Secret with name 'key of judge' already exists/, 'errors speak of it by the caller’s name')
})

t.test('a scorer asks an endpoint of the environment’s own, by its name', { timeout: 120_000 }, async (t) => {
  const mlflow = '/api/3.0/mlflow'
  const experiment_id = pick(
    await asAdministrator('POST', '/api/2.0/mlflow/experiments/create', { name: 'judged' }),
    'experiment_id',
  )
  const scorer = (name: string) => ({
    ...{ experiment_id, name: 'judge' },
    serialized_scorer: JSON.stringify({ instructions_judge_pydantic_data: { model: `gateway:/${name}` } }),
  })
  const registered = await ask(`${mlflow}/scorers/register`, scorer('chat'))
  t.match(registered, { status: 200, text: /gateway:\/chat\\"/ })
  t.match(
    JSON.stringify(await asAdministrator('GET', `${mlflow}/scorers/list?experiment_id=${experiment_id}`)),
    /gateway:\/chat\\"/,
  )
  t.match(
    JSON.stringify(await pastTheProxy('GET', `${mlflow}/scorers/list?experiment_id=${experiment_id}`)),
    /gateway:\/chat_acc\\"/,
  )
  t.equal((await ask(`${mlflow}/scorers/register`, scorer('chat_preprod'))).status, 403)
  t.match(await ask(`${mlflow}/scorers/register`, scorer('nothing')), { status: 404, text: /name='nothing'/ })
  const online = { experiment_id, name: 'judge', sample_rate: 0.5 }
  t.equal(
    (await ask(`/ajax-api/3.0/mlflow/scorers/online-config`, online, { method: 'PUT' })).status,
    200,
    'and judges by itself',
  )
  const bindings = JSON.stringify(await asAdministrator('GET', `${gateway}/endpoints/bindings/list`))
  t.match(bindings, /"display_name":"judge"/, 'which binds it to the endpoint')
  t.equal((await ask('/ajax-api/3.0/mlflow/server-info')).text.includes('"gateway":true'), false)
  t.match(await ask('/ajax-api/3.0/mlflow/server-info', undefined, { token: admin }), { text: /"gateway": ?true/ })
  const made = await asAdministrator('GET', `${gateway}/endpoints/get?name=chat`)
  const tracked = { endpoint_id: pick(made, 'endpoint', 'endpoint_id'), usage_tracking: true }
  const usage = pick(await asAdministrator('POST', `${gateway}/endpoints/update`, tracked), 'endpoint', 'experiment_id')
  const experiment = await asAdministrator('GET', `/api/2.0/mlflow/experiments/get?experiment_id=${usage}`)
  t.equal(pick(experiment, 'experiment', 'name'), 'gateway/chat', 'its use is written down in the environment')
})
