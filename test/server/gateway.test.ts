import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type Reply, reply, startFakeUpstream } from '../fakes/fake-upstream.ts'
import { startApp } from '../harness/app.ts'

const upstream = await startFakeUpstream()
const app = await startApp({
  upstream: upstream.url,
  environments: {
    acc: { workspace: 'team-acc', gateway: true, administrators: ['admins_acc'] },
    prod: { production: true, promotesFrom: [], gateway: true },
    closed: {},
  },
})
t.teardown(async () => {
  await app.close()
  await upstream.close()
})

async function ask(
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  upstream.received.length = 0
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const all = { authorization: `Bearer ${app.token}`, ...type, ...headers }
  const response = await fetch(app.url + path, { headers: all, ...(body === undefined ? {} : { method: 'POST', body: text }) })
  return { status: response.status, text: await response.text() }
}

const sent = () => upstream.received.map(({ method, url, body }) => `${method} ${url} ${body}`)
const chat = '/gateway/mlflow/v1/chat/completions'
const byModel = [
  chat,
  '/gateway/openai/v1/chat/completions',
  '/gateway/openai/v1/embeddings',
  '/gateway/openai/v1/responses',
  '/gateway/openai/v1/responses/compact',
  '/gateway/anthropic/v1/messages',
  '/gateway/typesafe/v1/systemone',
]

t.test('a gateway endpoint is asked by its name in the environment', async (t) => {
  upstream.answer = reply(200, { model: 'gpt-4', choices: [] })
  for (const path of byModel) {
    const answer = await ask(
      path,
      '{"messages":[{"content":"of chat_prod"}],"model":"chat","seed":9007199254740993,"temperature":1.0}',
    )
    t.same(answer, { status: 200, text: '{"model":"gpt-4","choices":[]}' }, path)
    t.same(sent(), [
      `POST ${path} {"messages":[{"content":"of chat_prod"}],"model":"chat_acc","seed":9007199254740993,"temperature":1.0}`,
    ])
  }
  t.equal((await ask('/gateway/chat/mlflow/invocations', '{"input": 1}')).status, 200)
  t.same(sent(), ['POST /gateway/chat_acc/mlflow/invocations {"input": 1}'])
  t.equal((await ask('/env/acc/gateway/chat_acc/mlflow/invocations', '{}')).status, 200)
  t.same(sent(), ['POST /gateway/chat_acc/mlflow/invocations {}'])
  t.match(upstream.received[0]?.rawHeaders.join('\n'), /x-mlflow-workspace\nteam-acc/i, 'in the workspace of the environment')
})

t.test('no other environment’s endpoint is, in whatever form', async (t) => {
  const bodies: readonly unknown[] = [
    { model: 'chat_prod' },
    '{"model":"chat","model":"chat_prod"}',
    '{"m\\u006fdel":"chat_prod"}',
    { model: ['chat_prod'] },
    { model: { name: 'chat_prod' } },
    { model: 5 },
    { model: null },
    { model: '' },
    { model: 'x_prod_acc' },
    {},
    [],
    '"{}"',
    '{"model":"chat"} {"model":"chat_prod"}',
    'model=chat_prod',
  ]
  for (const path of byModel) {
    for (const body of bodies) {
      const { status } = await ask(path, body)
      t.ok([400, 403].includes(status), `${path} ${JSON.stringify(body)}: ${status}`)
      t.same(sent(), [])
    }
  }
  for (const [path, wanted] of [
    ['/gateway/chat_prod/mlflow/invocations', 403],
    ['/gateway/x_prod_acc/mlflow/invocations', 400],
    ['/gateway/proxy/chat/x', 403],
    ['/gateway/gemini/v1beta/models/chat:generateContent', 403],
    [`${chat}?model=chat_prod`, 400],
  ] as const) {
    t.equal((await ask(path, { model: 'chat' })).status, wanted, path)
    t.same(sent(), [], path)
  }
  t.equal(
    (await ask(chat, { model: 'chat' }, { 'content-encoding': 'zstd' })).status,
    200,
    'what MLflow would unpack was written anew',
  )
  t.notMatch(upstream.received[0]?.rawHeaders.join('\n'), /zstd/)
  t.equal((await ask(chat, { model: 'chat' }, { 'content-type': 'text/plain' })).status, 400)
})

t.test('endpoints of the environment are listed by their names in it', async (t) => {
  const data = ['chat_acc', 'chat_prod', 'chat', 'other_acc', 'x_prod_acc'].map((id) => ({
    id,
    object: 'model',
    created: 1,
    owned_by: 'mlflow',
  }))
  upstream.answer = reply(200, { object: 'list', data })
  const { text } = await ask('/gateway/mlflow/v1/models')
  t.same(
    JSON.parse(text).data.map(({ id }: { id: string }) => id),
    ['chat', 'other'],
  )
})

t.test('a streamed answer comes as it is made', async (t) => {
  const parts = ['data: {"a":1}\n\n', 'data: {"a":2}\n\n', 'data: [DONE]\n\n']
  const times: number[] = []
  const stream: Reply = (request, response) => {
    request.resume().once('end', async () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const part of parts) {
        times.push(Date.now())
        response.write(part)
        await sleep(150)
      }
      response.end()
    })
  }
  upstream.answer = stream
  const headers = { authorization: `Bearer ${app.token}`, 'content-type': 'application/json' }
  const response = await fetch(app.url + chat, { method: 'POST', headers, body: '{"model":"chat","stream":true}' })
  t.match(response.headers.get('content-type'), /^text\/event-stream/)
  const arrived: { text: string; at: number }[] = []
  for await (const chunk of response.body ?? []) arrived.push({ text: Buffer.from(chunk).toString('utf8'), at: Date.now() })
  t.equal(arrived.map(({ text }) => text).join(''), parts.join(''))
  t.ok((arrived[0]?.at ?? 0) < (times[2] ?? 0), 'the first part is there before the last is made')
})

t.test('errors of the gateway come in the caller’s names', async (t) => {
  const detail = { error_code: 'RESOURCE_DOES_NOT_EXIST', message: "GatewayEndpoint not found (name='chat_acc')" }
  upstream.answer = reply(404, { detail })
  const missing = await ask(chat, { model: 'chat' })
  t.equal(missing.status, 404)
  t.match(missing.text, /name='chat'/)
  upstream.answer = reply(400, { detail: 'budget of chat_prod' })
  t.notMatch((await ask(chat, { model: 'chat' })).text, /prod/)
  upstream.answer = reply(500, { detail: 'the provider failed' })
  t.equal((await ask(chat, { model: 'chat' })).status, 500, 'a status of the model’s own')
})

t.test('an environment for which the gateway is not opened has none', async (t) => {
  const token = await app.issuer.token({ roles: ['apps_closed'] })
  for (const path of [...byModel, '/gateway/chat/mlflow/invocations', '/gateway/mlflow/v1/models']) {
    const body = path.endsWith('models') ? undefined : '{"model":"chat","messages":[]}'
    const answer = await ask(path, body, { authorization: `Bearer ${token}` })
    t.match(answer, { status: 403, text: /The AI gateway is not open in environment 'closed'/ }, path)
    t.same(sent(), [], 'and MLflow receives none of it')
  }
})

const administration = '/api/3.0/mlflow/gateway'

t.test('an administrator is in the environment, and what they keep secret is in no log', async (t) => {
  const token = await app.issuer.token({ roles: ['admins_acc'] })
  const headers = { authorization: `Bearer ${token}` }
  t.match(JSON.parse((await ask('/-/whoami', undefined, headers)).text), {
    environments: ['acc'],
    environment: 'acc',
    administrator: true,
  })
  t.match(JSON.parse((await ask('/-/whoami')).text), { environment: 'acc', administrator: false })
  const both = { authorization: `Bearer ${await app.issuer.token({ roles: ['admins_acc', 'apps_prod'] })}` }
  t.match(JSON.parse((await ask('/env/prod/-/whoami', undefined, both)).text), { environment: 'prod', administrator: false })
  const secret = { secret_name: 'key', secret_value: { api_key: 'MARKER-51c7' }, auth_config: { note: 'MARKER-51c7' } }
  upstream.answer = reply(200, { secret: { secret_id: 's-1', secret_name: 'key_acc', masked_values: { api_key: 'MAR...51c7' } } })
  const made = await ask(`${administration}/secrets/create`, secret, headers)
  t.same(JSON.parse(made.text).secret, { secret_id: 's-1', secret_name: 'key', masked_values: { api_key: 'MAR...51c7' } })
  t.same(sent(), [`POST ${administration}/secrets/create ${JSON.stringify({ ...secret, secret_name: 'key_acc' })}`])
  for (const bad of [
    { ...secret, secret_name: 'key_prod' },
    { ...secret, unknown: 'MARKER-51c7' },
  ])
    t.ok((await ask(`${administration}/secrets/create`, bad, headers)).status >= 400)
  t.equal((await ask(`${administration}/secrets/create`, secret)).status, 403, 'who is none')
  t.equal((await ask(`/env/prod${administration}/secrets/list`, undefined, both)).status, 403, 'or of another environment')
  t.same(sent(), [], 'and MLflow receives none of it')
  await sleep(20)
  const line = app.lines().findLast(({ endpoint, status }) => endpoint === 'createGatewaySecret' && status === 200)
  t.match(line, {
    administrator: true,
    environment: 'acc',
    references: [{ kind: 'gatewaySecret', logical: 'key', upstream: 'key_acc' }],
  })
  t.notMatch(app.logs(), /MARKER-51c7/)
})

t.test('what MLflow knows of providers is for administrators, and passes as it is', async (t) => {
  const headers = { authorization: `Bearer ${await app.issuer.token({ roles: ['admins_acc'] })}` }
  upstream.answer = reply(200, '{"models":[{"model":"x_prod","provider":"openai"}]}')
  const path = '/ajax-api/3.0/mlflow/gateway/supported-models?provider=openai'
  t.same(await ask(path, undefined, headers), { status: 200, text: '{"models":[{"model":"x_prod","provider":"openai"}]}' })
  t.same(sent(), [`GET ${path} `])
  t.equal((await ask(path)).status, 403)
})
