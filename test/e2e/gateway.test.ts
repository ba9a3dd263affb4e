import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { newestMlflow } from '../../scripts/python-environments.mjs'
import { startApp } from '../support/app.ts'
import { askUpstream, pick } from '../support/attack-world.ts'
import { startMlflow } from '../support/mlflow-server.ts'

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
}).listen(0, '127.0.0.1')
await once(model, 'listening')
const address = model.address()
const port = address === null || typeof address === 'string' ? 0 : address.port

const server = await startMlflow({
  version: newestMlflow,
  env: {
    MLFLOW_CRYPTO_KEK_PASSPHRASE: 'a passphrase that is for this test alone',
    MLFLOW_GATEWAY_API_BASE_ALLOWED_SCHEMES: 'http,https',
    MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS: 'true',
  },
})
const app = await startApp({ upstream: server.url, environments: { acc: { gateway: true }, preprod: { gateway: true } } })
t.teardown(async () => {
  await app.close()
  await server.close()
  model.close()
  model.closeAllConnections()
})

const gateway = '/api/3.0/mlflow/gateway'
const messages = [{ role: 'user', content: 'count' }]

async function makeEndpoint(name: string): Promise<void> {
  const auth_config = { api_base: `http://127.0.0.1:${port}/v1` }
  const secret = { secret_name: `key of ${name}`, secret_value: { api_key: 'k' }, provider: 'openai', auth_config }
  const secret_id = pick(await askUpstream(server.url, 'POST', `${gateway}/secrets/create`, secret), 'secret', 'secret_id')
  const definition = { name: `gpt of ${name}`, secret_id, provider: 'openai', model_name: 'gpt-4' }
  const made = await askUpstream(server.url, 'POST', `${gateway}/model-definitions/create`, definition)
  const model_definition_id = pick(made, 'model_definition', 'model_definition_id')
  const model_configs = [{ model_definition_id, linkage_type: 'PRIMARY', weight: 1 }]
  await askUpstream(server.url, 'POST', `${gateway}/endpoints/create`, { name, model_configs, usage_tracking: false })
}

async function ask(path: string, body?: object): Promise<{ status: number; text: string; chunks: number }> {
  const headers = { authorization: `Bearer ${app.token}`, 'content-type': 'application/json' }
  const response = await fetch(app.url + path, { headers, ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}) })
  const chunks: string[] = []
  for await (const chunk of response.body ?? []) chunks.push(Buffer.from(chunk).toString('utf8'))
  return { status: response.status, text: chunks.join(''), chunks: chunks.length }
}

t.test('the AI gateway of a real server, with endpoints of two environments', { timeout: 120_000 }, async (t) => {
  for (const name of ['chat_acc', 'chat_preprod']) await makeEndpoint(name)
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
