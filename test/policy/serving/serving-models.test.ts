import t from 'tap'
import type { Environment } from '../../../src/policy/environments/environment.ts'
import { databricksMessages } from '../../../src/policy/generated/databricks-messages.ts'
import { holdsOf } from '../../../src/policy/serving/external-model.ts'
import { rewriteAnswer } from '../../../src/rewrite/answer/rewrite-answer.ts'
import { upstreamRequest } from '../../../src/rewrite/request/upstream-request.ts'
import { grantOf, judge, makeWorkspace, refusalOf, requestTo, toMessage, verdictOf } from '../../fakes/fake-fact-source.ts'
import { makeVersion } from '../../fixtures/tenancy.ts'

type Fields = Readonly<Record<string, unknown>>

const servingModels = {
  providers: ['openai', 'amazon-bedrock', 'custom', 'databricks-model-serving'],
  hosts: ['llm.example.com'],
  schemas: ['system.ai'],
}
const facts = { experiments: [], runs: [], loggedModels: [], versions: [makeVersion('fraud_acc/1', { stage: 'Staging' })] }
const shared = 'databricks-llama'

/** What comes of a request of a caller in acc, whose environment has some of the keys. */
function callerWith(over: Partial<Environment>) {
  const { acc, config } = makeWorkspace({ sharedServingEndpoints: [shared], servingSecretScopes: ['acc-llm'], ...over })
  const here = { ...config, ownHosts: ['adb-1.azuredatabricks.net:443'] }
  const judged = (endpoint: string, fields: Fields) => judge(here, acc, requestTo(endpoint, fields), facts)
  return {
    judged,
    verdict: (endpoint: string, fields: Fields) => verdictOf(judged(endpoint, fields)),
    said: (endpoint: string, fields: Fields) => refusalOf(judged(endpoint, fields))?.message ?? 'allowed',
    sent: (endpoint: string, fields: Fields) => JSON.parse(upstreamRequest(grantOf(judged(endpoint, fields))).body ?? ''),
  }
}
const open = callerWith({ servingModels })
const closed = callerWith({})

/** Every request that says what an endpoint serves. */
const waysToServe: readonly (readonly [endpoint: string, say: (entity: Fields) => Fields])[] = [
  ['createServingEndpoint', (entity) => ({ name: 'chat', config: { served_entities: [entity] } })],
  ['updateServingConfig', (entity) => ({ name: 'chat', served_entities: [entity] })],
  ['createProvisionedServingEndpoint', (entity) => ({ name: 'chat', config: { served_entities: [entity] } })],
  ['updateProvisionedServingConfig', (entity) => ({ name: 'chat', config: { served_entities: [entity] } })],
]

const key = '{{secrets/acc-llm/key}}'
const openai = (config: Fields, over: Fields = {}) => ({
  external_model: { provider: 'openai', name: 'gpt-4o', task: 'llm/v1/chat', openai_config: config, ...over },
})
const bedrock = (config: Fields) => ({
  external_model: {
    ...{ provider: 'amazon-bedrock', name: 'anthropic.claude-v2:1', task: 'llm/v1/chat' },
    amazon_bedrock_config: { aws_region: 'eu-west-1', bedrock_provider: 'anthropic', ...config },
  },
})
const custom = (config: Fields) => ({
  external_model: { provider: 'custom', name: 'team/model', task: 'llm/v1/chat', custom_provider_config: config },
})
const url = 'https://llm.example.com/v1'

t.test('an external model is of an open provider, with secrets of the environment alone, and sent to known hosts', async (t) => {
  const cases: readonly (readonly [Fields, string])[] = [
    [openai({ openai_api_key: key }), 'allow'],
    [openai({ openai_api_key: key, openai_api_base: url, openai_api_type: 'azure', openai_deployment_name: 'gpt' }), 'allow'],
    [openai({ openai_api_key: key, openai_api_base: 'https://LLM.example.com:443/v1' }), 'allow'],
    [bedrock({ aws_access_key_id: key, aws_secret_access_key: key }), 'allow'],
    [custom({ custom_provider_url: url, api_key_auth: { key: 'X-Api-Key', value: key } }), 'allow'],
    [custom({ custom_provider_url: url, bearer_token_auth: { token: key } }), 'allow'],
    ...['{{secrets/prod-llm/key}}', 'sk-123', '{{secrets/acc-llm}}', ` ${key}`, `${key}${key}`, '{{secrets/acc-llm/../x/y}}'].map(
      (value) => [openai({ openai_api_key: value }), 'foreign-source'] as const,
    ),
    [openai({ openai_api_key_plaintext: 'sk-123' }), 'foreign-source'],
    [openai({ openai_api_key_plaintext: key }), 'foreign-source'],
    [openai({ microsoft_entra_client_secret: 'x' }), 'foreign-source'],
    [custom({ custom_provider_url: url, api_key_auth: { key: 'X', value_plaintext: 'x' } }), 'foreign-source'],
    [custom({ custom_provider_url: url, bearer_token_auth: { token: '{{secrets/prod/x}}' } }), 'foreign-source'],
    [custom({ custom_provider_url: url, api_key_auth: { key: 'X\r\nY: z', value: key } }), 'foreign-source'],
    [bedrock({ instance_profile_arn: 'arn:aws:iam::1:instance-profile/x' }), 'foreign-source'],
    [bedrock({ uc_service_credential_name: 'prod' }), 'foreign-source'],
    [bedrock({ aws_region: 'x.evil.example/', aws_access_key_id: key }), 'foreign-source'],
    ...[
      'https://other.example.com/v1',
      'http://llm.example.com/v1',
      'https://llm.example.com@evil.example/v1',
      'https://llm.example.com:8443/v1',
      'https://llm.example.com.evil.example',
      'https://evil.example\\@llm.example.com',
      'https://adb-1.azuredatabricks.net/serving-endpoints',
      'https://10.0.0.1/',
      'llm.example.com',
    ].map((address) => [openai({ openai_api_key: key, openai_api_base: address }), 'foreign-source'] as const),
    [openai({ openai_api_key: key }, { provider: 'anthropic' }), 'foreign-source'],
    [openai({ openai_api_key: key }, { provider: 'custom' }), 'foreign-source'],
    [openai({ openai_api_key: key }, { palm_config: { palm_api_key: key } }), 'foreign-source'],
    [openai({ openai_api_key: key }, { name: '../gpt' }), 'foreign-source'],
    [openai({ openai_api_key: key }, { name: 'a//b' }), 'foreign-source'],
    [{ ...openai({ openai_api_key: key }), entity_name: 'fraud', entity_version: '1' }, 'foreign-source'],
    [{ ...openai({ openai_api_key: key }), instance_profile_arn: 'arn:x' }, 'foreign-source'],
    [{ ...openai({ openai_api_key: key }), environment_vars: { X: '{{secrets/prod/x}}' } }, 'foreign-source'],
  ]
  for (const [entity, expected] of cases) {
    for (const [endpoint, say] of waysToServe) {
      t.equal(open.verdict(endpoint, say(entity)), expected, `${endpoint} ${JSON.stringify(entity)}`)
      t.equal(closed.verdict(endpoint, say(entity)), 'foreign-source', `${endpoint}, not open: ${JSON.stringify(entity)}`)
    }
    const beside = { name: 'chat', served_entities: [{ entity_name: 'fraud', entity_version: '1' }, entity] }
    t.equal(open.verdict('updateServingConfig', beside), expected, `beside a good one ${JSON.stringify(entity)}`)
  }
})

t.test('a body names its endpoint by a text, and by nothing else', async (t) => {
  const asked = [
    'chatWithServingEndpoint',
    'completeByServingEndpoint',
    'embedByServingEndpoint',
    'respondByServingEndpoint',
    'messageServingEndpoint',
  ]
  for (const endpoint of asked) {
    for (const model of [['chat_prod'], ['chat'], { name: 'chat_prod' }, null, 5, true, '', undefined, 'chat_prod_acc'])
      t.equal(open.verdict(endpoint, { model }), 'invalid-parameter', `${endpoint} ${JSON.stringify(model)}`)
    t.equal(open.verdict(endpoint, { model: 'chat_prod' }), 'foreign-name')
  }
})

t.test('of every account with a provider it is known what each field holds', async (t) => {
  const accounts = Object.values(databricksMessages['databricks.ExternalModel'] ?? {}).flatMap(({ message }) => message ?? [])
  t.ok(accounts.length >= 9)
  const logins = ['databricks.ApiKeyAuth', 'databricks.BearerTokenAuth']
  for (const message of [...accounts, ...logins]) {
    for (const [field, { type }] of Object.entries(databricksMessages[message] ?? {})) {
      if (type === 'message') continue
      t.ok(holdsOf(field) !== undefined, `${message}.${field}`)
      if (/key$|token$|secret$/.test(field) && field !== 'key') t.equal(holdsOf(field), 'secret', `${message}.${field}`)
    }
  }
})

t.test('a model of an open schema is served by its own name', async (t) => {
  const llama = {
    entity_name: 'system.ai.llama_v3',
    entity_version: '1',
    max_provisioned_throughput: 9500,
    min_provisioned_throughput: 0,
  }
  for (const [endpoint, say] of waysToServe) {
    const units = endpoint.includes('Provisioned')
    const entity = units ? { entity_name: 'System.AI.llama_v3', provisioned_model_units: 50 } : llama
    t.equal(open.verdict(endpoint, say(entity)), 'allow', endpoint)
    t.match(closed.said(endpoint, say(entity)), /servingModels\.schemas/, endpoint)
    t.same(
      JSON.parse(JSON.stringify(open.sent(endpoint, say(entity)))).config?.served_entities ??
        open.sent(endpoint, say(entity)).served_entities,
      [entity],
    )
    for (const name of ['system.aix.llama', 'system.ai', 'system.ai.a.b', 'main.ml.fraud', 'system.ai.', 'system/ai.x'])
      t.not(open.verdict(endpoint, say({ ...entity, entity_name: name, entity_version: '1' })), 'allow', `${endpoint} ${name}`)
    t.equal(open.verdict(endpoint, say({ ...entity, entity_version: '1/2' })), 'invalid-parameter')
  }
})

t.test('an answer says which key opens what is closed', async (t) => {
  const say = (entity: Fields) => closed.said('createServingEndpoint', { name: 'chat', config: { served_entities: [entity] } })
  t.match(say(openai({ openai_api_key: key })), /provider 'openai'.*environment 'acc'.*servingModels\.providers/)
  t.match(say({ entity_name: 'system.ai.llama', entity_version: '1' }), /servingModels\.schemas/)
  t.match(
    open.said('createServingEndpoint', {
      name: 'chat',
      config: { served_entities: [openai({ openai_api_key: '{{secrets/x/y}}' })] },
    }),
    /servingSecretScopes/,
  )
  const plain = open.said('createServingEndpoint', {
    name: 'chat',
    config: { served_entities: [openai({ openai_api_key_plaintext: 'sk-SECRET' })] },
  })
  t.match(plain, /\{\{secrets\/<scope>\/<key>\}\} in 'openai_api_key'/)
  t.notMatch(plain, /sk-SECRET/, 'and never repeats a secret')
})

t.test('nothing served asks for more than its environment may have', async (t) => {
  const servingLimits = {
    concurrency: 16,
    throughput: 1000,
    modelUnits: 50,
    callsPerMinute: 100,
    tokensPerMinute: 5000,
  }
  const { verdict, said } = callerWith({
    servingModels: { ...servingModels, workloadTypes: ['CPU', 'GPU_SMALL'] },
    servingLimits,
  })
  const fraud = { entity_name: 'fraud', entity_version: '1' }
  const limits = [
    { key: 'endpoint', renewal_period: 'minute', calls: 100 },
    { renewal_period: 'minute', tokens: 10 },
  ]
  const cases: readonly (readonly [Fields, 'allow' | 'serving-limit'])[] = [
    [fraud, 'allow'],
    [{ ...fraud, workload_size: 'Medium', workload_type: 'GPU_SMALL' }, 'allow'],
    [{ ...fraud, workload_size: 'small', workload_type: 'CPU' }, 'allow'],
    [{ ...fraud, workload_size: 'Large' }, 'serving-limit'],
    [{ ...fraud, workload_size: 'XXL' }, 'serving-limit'],
    [{ ...fraud, workload_type: 'GPU_LARGE' }, 'serving-limit'],
    [{ ...fraud, max_provisioned_concurrency: 16 }, 'allow'],
    [{ ...fraud, max_provisioned_concurrency: 17 }, 'serving-limit'],
    [{ ...fraud, min_provisioned_concurrency: 4 }, 'serving-limit'],
    [{ ...fraud, max_provisioned_throughput: 1000, min_provisioned_throughput: 0 }, 'allow'],
    [{ ...fraud, max_provisioned_throughput: 1001 }, 'serving-limit'],
    [{ entity_name: 'system.ai.llama', entity_version: '1', max_provisioned_throughput: 1001 }, 'serving-limit'],
    [{ ...fraud, provisioned_model_units: 50, burst_scaling_enabled: false }, 'allow'],
    [{ ...fraud, provisioned_model_units: 50 }, 'serving-limit'],
    [{ ...fraud, provisioned_model_units: 51, burst_scaling_enabled: false }, 'serving-limit'],
  ]
  for (const [entity, expected] of cases) {
    const text = JSON.stringify(entity)
    t.equal(verdict('updateServingConfig', { name: 'chat', served_entities: [entity] }), expected, text)
    const config = { served_entities: [fraud, entity] }
    t.equal(
      verdict('createServingEndpoint', { name: 'chat', config, ai_gateway: { rate_limits: limits } }),
      expected,
      `created ${text}`,
    )
    t.equal(verdict('updateProvisionedServingConfig', { name: 'chat', config }), expected, `provisioned ${text}`)
  }
  const [calls, tokens] = limits
  const rates: readonly (readonly [unknown, 'allow' | 'serving-limit'])[] = [
    [limits, 'allow'],
    [[...limits, { key: 'user', calls: 9_000, renewal_period: 'minute' }], 'allow'],
    [[], 'serving-limit'],
    [undefined, 'serving-limit'],
    [[calls], 'serving-limit'],
    [[tokens], 'serving-limit'],
    [[{ ...calls, calls: 101 }, tokens], 'serving-limit'],
    [[{ ...calls, key: 'user' }, tokens], 'serving-limit'],
  ]
  const config = { served_entities: [fraud] }
  for (const [rate_limits, expected] of rates) {
    const text = JSON.stringify(rate_limits)
    t.equal(verdict('setServingGateway', { name: 'chat', rate_limits }), expected, text)
    t.equal(
      verdict('createServingEndpoint', { name: 'chat', config, ai_gateway: { rate_limits } }),
      expected,
      `created with ${text}`,
    )
    t.equal(
      verdict('createProvisionedServingEndpoint', { name: 'chat', config, ai_gateway: { rate_limits } }),
      expected,
      `provisioned with ${text}`,
    )
  }
  t.equal(verdict('createServingEndpoint', { name: 'chat', config }), 'serving-limit', 'without a gateway')
  t.equal(
    verdict('limitServingEndpoint', { name: 'chat', rate_limits: [{ calls: 1, renewal_period: 'minute' }] }),
    'serving-limit',
  )
  t.match(said('createServingEndpoint', { name: 'chat', config }), /"calls": 100.*servingLimits\.callsPerMinute/)
})

t.test('an answer shows the accounts of one’s own external models alone', async (t) => {
  const provider = { provider: 'openai', name: 'gpt-4o', task: 'llm/v1/chat' }
  const endpoint = (name: string, scope: string) => ({
    name,
    config: {
      served_entities: [
        { name: 'x', external_model: { ...provider, openai_config: { openai_api_key: `{{secrets/${scope}/key}}` } } },
      ],
    },
  })
  const without = (name: string) => ({ name, config: { served_entities: [{ name: 'x', external_model: provider }] } })
  const shown = (name: string, answer: Fields) =>
    rewriteAnswer(grantOf(open.judged('getServingEndpoint', { name })), toMessage(answer))
  t.same(shown('chat', endpoint('chat_acc', 'acc-llm')), toMessage(endpoint('chat', 'acc-llm')))
  t.same(shown('chat', endpoint('chat_acc', 'prod-llm')), toMessage(without('chat')), 'made for them by others')
  t.same(shown(shared, endpoint(shared, 'acc-llm')), toMessage(without(shared)), 'and nothing of a shared one')
  const served = (entity_name: string) => ({
    name: 'chat_acc',
    config: { served_entities: [{ name: 'x', entity_name, entity_version: '1' }] },
  })
  t.same(shown('chat', served('system.ai.llama')), toMessage({ ...served('system.ai.llama'), name: 'chat' }))
  t.same(shown('chat', served('other.ai.llama')), toMessage({ name: 'chat', config: {} }))
})
