import t from 'tap'
import { endpointTable } from '../../../src/policy/endpoints/endpoint-table.ts'
import { findEndpoint } from '../../../src/policy/endpoints/find-endpoint.ts'
import type { PolicyConfig } from '../../../src/policy/environments/environment.ts'
import { rewriteAnswer } from '../../../src/rewrite/answer/rewrite-answer.ts'
import { upstreamRequest } from '../../../src/rewrite/request/upstream-request.ts'
import {
  type FakeFacts,
  grantOf,
  judge,
  makeWorkspace,
  refusalOf,
  requestTo,
  toJson,
  toMessage,
  verdictOf,
} from '../../fakes/fake-fact-source.ts'
import { makeVersion } from '../../fixtures/tenancy.ts'

const llama = 'databricks-meta-llama-3'
const { acc, preprod, prod, config } = makeWorkspace({ sharedServingEndpoints: [llama], servingSecretScopes: ['acc-models'] })
const facts: FakeFacts = {
  experiments: [],
  runs: [],
  loggedModels: [],
  versions: [
    makeVersion('fraud_acc/1', { stage: 'Staging' }),
    makeVersion('fraud_acc/2', { stage: 'Production' }),
    makeVersion('fraud_prod/1', { stage: 'Production' }),
    makeVersion('fraud_preprod/1', { stage: 'Staging' }),
    makeVersion('legacy/1', { stage: 'None' }),
    // Of the workspace registry; Databricks would serve Unity Catalog's.
    makeVersion('main.ml.fraud_acc/1', { stage: 'Staging' }),
  ],
  endpointIds: { idacc: 'scorer_acc', idprod: 'scorer_prod', idlegacy: 'legacy', idllama: llama },
}
type Fields = Readonly<Record<string, unknown>>
const judged = (caller: typeof acc, endpoint: string, fields: Fields) => judge(config, caller, requestTo(endpoint, fields), facts)
const verdict = (caller: typeof acc, endpoint: string, fields: Fields) => verdictOf(judged(caller, endpoint, fields))
const table = endpointTable('databricks')

const ofOne = [...table.open.values()].filter(({ fields }) => Object.values(fields).includes('servingEndpointName'))

t.test('an endpoint is its environment’s by its name, whatever is done to it', async (t) => {
  t.ok(ofOne.length > 10)
  for (const { name: endpoint, sharedToo, fields } of ofOne) {
    const rest = 'served_model_name' in fields ? { served_model_name: 'fraud-1' } : {}
    const key = 'model' in fields ? 'model' : 'name'
    const names: readonly (readonly [string, string])[] = [
      ['scorer', 'allow'],
      ['scorer_acc', 'allow'],
      ['scorer_prod', 'foreign-name'],
      ['scorer_preprod', 'foreign-name'],
      ['scorer_acc_prod', 'invalid-parameter'],
      ['sco rer', 'invalid-parameter'],
      ['sc.orer', 'invalid-parameter'],
      ['', 'invalid-parameter'],
      ['x'.repeat(60), 'invalid-parameter'],
      ['x'.repeat(59), 'allow'],
      [llama, sharedToo ? 'allow' : 'read-only'],
      [`${llama}_acc`, 'allow'],
      ['databricks-dbrx', 'allow'],
    ]
    for (const [name, expected] of names)
      t.equal(verdict(acc, endpoint, { [key]: name, ...rest }), expected, `${endpoint} ${name}`)
    t.equal(
      verdict(prod, endpoint, { [key]: 'scorer_acc', ...rest }),
      'foreign-name',
      `${endpoint}: nor where models may be promoted`,
    )
    const grant = grantOf(judged(acc, endpoint, { [key]: 'scorer', ...rest }))
    const { target, body } = upstreamRequest(grant)
    t.ok(target.includes('/scorer_acc') || body?.includes('"scorer_acc"'), `${endpoint}: ${target}`)
    t.equal(JSON.stringify([target, body]).match(/scorer(?!_acc)/), null, `${endpoint} is asked by no other name`)
  }
  t.same(
    ofOne.filter(({ sharedToo }) => sharedToo).map(({ name }) => name),
    [
      'getServingEndpoint',
      'queryServingEndpoint',
      'chatWithServingEndpoint',
      'completeByServingEndpoint',
      'embedByServingEndpoint',
      'respondByServingEndpoint',
      'messageServingEndpoint',
    ],
  )
  const shared = (endpoint: string) => upstreamRequest(grantOf(judged(acc, endpoint, { name: llama }))).target
  t.equal(shared('queryServingEndpoint'), `/serving-endpoints/${llama}/invocations`)
  t.equal(shared('getServingEndpoint'), `/api/2.0/serving-endpoints/${llama}`)
  const own = upstreamRequest(grantOf(judged(prod, 'queryServingEndpoint', { name: llama }))).target
  t.equal(own, `/serving-endpoints/${llama}_prod/invocations`, 'where it is not shared, the name is an own one')
})

const serves = (entity: Fields) => ({ served_entities: [entity] })
const fraud = { entity_name: 'fraud', entity_version: '1', workload_size: 'Small', scale_to_zero_enabled: true }
const legacy = { model_name: 'fraud', model_version: '1', workload_size: 'Small', scale_to_zero_enabled: true }
/** What an endpoint is to serve, and what comes of it for a caller in acc. */
const entities: readonly (readonly [Fields, string])[] = [
  [fraud, 'allow'],
  [{ ...fraud, entity_name: 'fraud_acc' }, 'allow'],
  [{ ...fraud, name: 'champion' }, 'allow'],
  [{ ...fraud, entity_version: '2' }, 'production-version'],
  [{ ...fraud, entity_version: '9' }, 'not-found'],
  [{ ...fraud, entity_version: '01' }, 'invalid-parameter'],
  [{ ...fraud, entity_name: 'absent' }, 'not-found'],
  [{ ...fraud, entity_name: 'legacy' }, 'not-found'],
  [{ ...fraud, entity_name: 'fraud_prod' }, 'foreign-name'],
  [{ ...fraud, entity_name: 'fraud_preprod' }, 'foreign-name'],
  [{ ...fraud, entity_name: 'main.ml.fraud' }, 'foreign-source'],
  [{ ...fraud, entity_name: 'system.ai.llama' }, 'foreign-source'],
  [{ entity_name: 'main.features.spec' }, 'foreign-source'],
  [{ entity_name: 'fraud' }, 'foreign-source'],
  [{ name: 'x' }, 'foreign-source'],
  [{ external_model: { name: 'gpt-4', provider: 'openai', task: 'llm/v1/chat' } }, 'foreign-source'],
  [{ ...fraud, external_model: { name: 'gpt-4' } }, 'foreign-source'],
  [{ ...fraud, instance_profile_arn: 'arn:aws:iam::1:instance-profile/x' }, 'foreign-source'],
  [{ ...fraud, environment_vars: { LEVEL: 'debug', JSON: '{"a":{"b":1}}' } }, 'allow'],
  [{ ...fraud, environment_vars: { KEY: '{{secrets/acc-models/key}}' } }, 'allow'],
  [{ ...fraud, environment_vars: { KEY: '{{secrets/prod-models/key}}' } }, 'foreign-source'],
  [{ ...fraud, environment_vars: { KEY: '{{ secrets/acc-models/key }}' } }, 'foreign-source'],
  [{ ...fraud, environment_vars: { KEY: 'x{{secrets/acc-models/key}}{{secrets/prod-models/key}}' } }, 'foreign-source'],
  [{ ...fraud, environment_vars: { KEY: '{{secrets/acc-models/../prod-models/key}}' } }, 'foreign-source'],
]

t.test('an endpoint serves versions that its maker may read, by every way to say so', async (t) => {
  for (const [entity, expected] of entities) {
    const text = JSON.stringify(entity)
    const config = serves(entity)
    t.equal(verdict(acc, 'createServingEndpoint', { name: 'scorer', config }), expected, `create ${text}`)
    t.equal(verdict(acc, 'updateServingConfig', { name: 'scorer', ...config }), expected, `update ${text}`)
    t.equal(verdict(acc, 'createProvisionedServingEndpoint', { name: 'scorer', config }), expected, `create pt ${text}`)
    t.equal(verdict(acc, 'updateProvisionedServingConfig', { name: 'scorer', config }), expected, `update pt ${text}`)
    const second = { served_entities: [fraud, entity] }
    t.equal(verdict(acc, 'updateServingConfig', { name: 'scorer', ...second }), expected, `beside a good one ${text}`)
    const { entity_name: model_name, entity_version: model_version, ...rest } = entity
    const model = { ...rest, ...(model_name ? { model_name } : {}), ...(model_version ? { model_version } : {}) }
    t.equal(verdict(acc, 'updateServingConfig', { name: 'scorer', served_models: [model] }), expected, `as served model ${text}`)
    t.equal(
      verdict(acc, 'createServingEndpoint', { name: 'scorer', config: { served_models: [model] } }),
      expected,
      `create as served model ${text}`,
    )
  }
  const promoted = { name: 'scorer', ...serves({ ...fraud, entity_name: 'fraud_acc' }) }
  t.equal(verdict(prod, 'updateServingConfig', promoted), 'allow', 'whoever may promote a version may serve it')
  const live = serves({ ...fraud, entity_name: 'fraud_acc', entity_version: '2' })
  t.equal(verdict(prod, 'updateServingConfig', { name: 'scorer', ...live }), 'allow')
  const other = serves({ ...fraud, entity_name: 'fraud_preprod' })
  t.equal(verdict(prod, 'updateServingConfig', { name: 'scorer', ...other }), 'foreign-name')
  t.equal(
    verdict(preprod, 'updateServingConfig', { name: 'scorer', ...serves({ ...fraud, entity_name: 'fraud_acc' }) }),
    'foreign-name',
  )
  const refused = judged(acc, 'createServingEndpoint', { name: 'scorer', config: other })
  t.same(refused.questions, [], 'nobody is asked whether a foreign version is there')
})

t.test('in Unity Catalog the environment’s schema is served', async (t) => {
  const inCatalog = (of: typeof acc) => ({
    ...of,
    unityCatalogSchema: `${of.name}.ml`,
    registrationAlias: of.production ? 'champion' : 'staging',
  })
  const [own, theirs] = [inCatalog(acc), inCatalog(prod)]
  const catalog: PolicyConfig = { ...config, environments: [own, theirs, inCatalog(preprod)], registry: 'unityCatalog' }
  const registered = (place: string, aliases: readonly string[]) => makeVersion(place, { aliases })
  const versions = [
    registered('acc.ml.fraud/1', []),
    registered('acc.ml.fraud/2', ['champion']),
    registered('prod.ml.fraud/1', []),
  ]
  const asked = (of: typeof acc, entity_name: string, entity_version: string) => {
    const fields = { name: 'scorer', served_entities: [{ ...fraud, entity_name, entity_version }] }
    return judge(catalog, of, requestTo('updateServingConfig', fields), { ...facts, versions })
  }
  const table: readonly (readonly [typeof acc, string, string, string])[] = [
    [own, 'fraud', '1', 'allow'],
    [own, 'acc.ml.fraud', '1', 'allow'],
    [own, 'fraud', '2', 'production-version'],
    [own, 'prod.ml.fraud', '1', 'foreign-name'],
    [own, 'system.ai.llama', '1', 'invalid-parameter'],
    [theirs, 'acc.ml.fraud', '2', 'allow'],
  ]
  for (const [of, name, number, expected] of table)
    t.equal(verdictOf(asked(of, name, number)), expected, `${of.name} ${name}/${number}`)
  const { target, body } = upstreamRequest(grantOf(asked(own, 'fraud', '1')))
  t.equal(target, '/api/2.0/serving-endpoints/scorer_acc/config')
  t.same(JSON.parse(body ?? ''), serves({ ...fraud, entity_name: 'acc.ml.fraud', name: 'fraud-1' }))
})

t.test('what belongs to the whole workspace is not set from an environment', async (t) => {
  const tables = { catalog_name: 'prod', schema_name: 'ml', enabled: true }
  const made: readonly (readonly [Fields, string])[] = [
    [{ budget_policy_id: 'x' }, 'foreign-source'],
    [{ route_optimized: true }, 'foreign-source'],
    [{ route_optimized: false }, 'allow'],
    [{ telemetry_config: { table_names: { logs_table: 'prod.ml.logs' } } }, 'foreign-source'],
    [{ ai_gateway: { inference_table_config: tables } }, 'foreign-source'],
    [
      { ai_gateway: { rate_limits: [{ calls: 10, renewal_period: 'minute' }], usage_tracking_config: { enabled: true } } },
      'allow',
    ],
    [{ config: { ...serves(fraud), auto_capture_config: tables } }, 'foreign-source'],
    [{ config: { ...serves(fraud), name: 'other' } }, 'malformed'],
    [{ config: { ...serves(fraud), name: 'scorer' } }, 'allow'],
    [{ tags: [{ key: 'team', value: 'x' }], rate_limits: [{ calls: 1, renewal_period: 'minute' }], description: 'd' }, 'allow'],
  ]
  for (const [fields, expected] of made) {
    t.equal(verdict(acc, 'createServingEndpoint', { name: 'scorer', ...fields }), expected, JSON.stringify(fields))
  }
  t.equal(
    verdict(acc, 'updateServingConfig', { name: 'scorer', ...serves(fraud), auto_capture_config: tables }),
    'foreign-source',
  )
  t.equal(verdict(acc, 'setServingGateway', { name: 'scorer', inference_table_config: tables }), 'foreign-source')
  t.equal(verdict(acc, 'setServingGateway', { name: 'scorer', guardrails: { input: { safety: true } } }), 'allow')
  for (const [method, path] of [
    ['POST', '/api/2.0/external-function'],
    ['PATCH', '/api/2.0/serving-endpoints/scorer/telemetry-config'],
  ] as const) {
    t.ok('closed' in (findEndpoint(method, path, 'databricks') ?? {}), `${method} ${path}`)
  }
  t.ok('open' in (findEndpoint('POST', '/api/2.0/serving-endpoints/', 'databricks') ?? {}), 'as MLflow’s client writes it')
  t.equal(findEndpoint('POST', '/serving-endpoints/scorer/invocations'), null, 'an open-source server has none of it')
})

t.test('permissions by id are those of own endpoints, and only production changes them', async (t) => {
  const by = (caller: typeof acc, endpoint: string, serving_endpoint_id: string) =>
    verdict(caller, endpoint, { serving_endpoint_id })
  for (const endpoint of ['getServingPermissions', 'getServingPermissionLevels']) {
    t.equal(by(acc, endpoint, 'idacc'), 'allow', endpoint)
    const absent = refusalOf(judged(acc, endpoint, { serving_endpoint_id: 'absent' }))
    for (const id of ['idprod', 'idlegacy', 'idllama', 'a/b']) {
      const refusal = refusalOf(judged(acc, endpoint, { serving_endpoint_id: id }))
      t.equal(refusal?.message.replace(id, 'absent'), absent?.message, `${endpoint} ${id}`)
    }
  }
  for (const endpoint of ['setServingPermissions', 'updateServingPermissions']) {
    t.equal(by(acc, endpoint, 'idacc'), 'stage', endpoint)
    t.equal(by(acc, endpoint, 'idprod'), 'not-found', endpoint)
    t.equal(by(prod, endpoint, 'idprod'), 'allow', endpoint)
    t.equal(by(prod, endpoint, 'idacc'), 'not-found', endpoint)
  }
})

const bodyOf = (endpoint: string, fields: Fields) =>
  JSON.parse(upstreamRequest(grantOf(judged(acc, endpoint, fields))).body ?? '')

t.test('Databricks gets upstream names, and what routes call the served is what the caller would call it', async (t) => {
  const routes = [{ served_model_name: 'fraud-1', traffic_percentage: 100 }]
  const sent = bodyOf('createServingEndpoint', {
    name: 'scorer',
    config: { name: 'scorer', served_models: [legacy], traffic_config: { routes } },
  })
  t.same(sent, {
    name: 'scorer_acc',
    config: {
      name: 'scorer_acc',
      served_models: [{ ...legacy, model_name: 'fraud_acc', name: 'fraud-1' }],
      traffic_config: { routes },
    },
  })
  const cases: readonly (readonly [Fields, Fields])[] = [
    [fraud, { ...fraud, entity_name: 'fraud_acc', name: 'fraud-1' }],
    [
      { ...fraud, entity_name: 'fraud_acc' },
      { ...fraud, entity_name: 'fraud_acc', name: 'fraud_acc-1' },
    ],
    [
      { ...fraud, name: 'champion' },
      { ...fraud, entity_name: 'fraud_acc', name: 'champion' },
    ],
  ]
  for (const [entity, expected] of cases) {
    t.same(bodyOf('updateServingConfig', { name: 'scorer', ...serves(entity) }), serves(expected), JSON.stringify(entity))
    t.same(bodyOf('updateProvisionedServingConfig', { name: 'scorer', config: serves(entity) }), { config: serves(expected) })
  }
  t.same(upstreamRequest(grantOf(judged(acc, 'deleteServingEndpoint', { name: 'scorer' }))), {
    method: 'DELETE',
    target: '/api/2.0/serving-endpoints/scorer_acc',
    body: null,
    spans: null,
  })
})

const shown = (endpoint: string, fields: Fields, answer: Fields) =>
  rewriteAnswer(grantOf(judged(acc, endpoint, fields)), toMessage(answer))

t.test('answers show own endpoints and shared ones, in the caller’s names', async (t) => {
  const served = (entity_name: string) => ({ name: `${entity_name}-1`, entity_name, entity_version: '1' })
  const endpoint = (name: string, entity: string) => ({ name, creator: 'someone', config: { served_entities: [served(entity)] } })
  const endpoints = [
    endpoint('scorer_acc', 'fraud_acc'),
    endpoint('scorer_prod', 'fraud_prod'),
    endpoint('legacy', 'legacy'),
    endpoint(llama, 'system.ai.llama'),
    endpoint(`${llama}_acc`, 'fraud_acc'),
    endpoint('mixed_acc', 'fraud_prod'),
  ]
  t.same(
    shown('listServingEndpoints', {}, { endpoints }),
    toMessage({
      endpoints: [
        { name: 'scorer', creator: 'someone', config: { served_entities: [{ ...served('fraud_acc'), entity_name: 'fraud' }] } },
        endpoint(llama, 'system.ai.llama'),
        {
          name: `${llama}_acc`,
          creator: 'someone',
          config: { served_entities: [{ ...served('fraud_acc'), entity_name: 'fraud' }] },
        },
        { name: 'mixed', creator: 'someone', config: {} },
      ],
    }),
  )
  const routes = [{ served_model_name: 'fraud-1', served_entity_name: 'fraud-1', traffic_percentage: 100 }]
  const entity = { name: 'fraud-1', entity_version: '1', state: { deployment: 'DEPLOYMENT_READY' } }
  const detailed = (name: string, entity_name: string) => ({
    id: 'i',
    name,
    config: {
      served_entities: [{ ...entity, entity_name }],
      served_models: [{ name: 'fraud-1', model_name: entity_name, model_version: '1' }],
      traffic_config: { routes },
      config_version: 3,
    },
    permission_level: 'CAN_MANAGE',
  })
  const past = { endpoint_url: 'https://1.serving.x', data_plane_info: { query_info: { endpoint_url: 'https://1.serving.x' } } }
  t.same(
    shown('getServingEndpoint', { name: 'scorer' }, { ...detailed('scorer_acc', 'fraud_acc'), ...past, made_up: 'x' }),
    toMessage(detailed('scorer', 'fraud')),
  )
  const provider = { name: 'gpt-4', provider: 'openai', task: 'llm/v1/chat' }
  const account = { openai_config: { openai_api_key: '{{secrets/all/openai}}', openai_api_base: 'https://x' } }
  const ofLlama = (external_model: Fields) => ({ name: llama, config: { served_entities: [{ name: 'x', external_model }] } })
  t.same(
    shown('getServingEndpoint', { name: llama }, ofLlama({ ...provider, ...account })),
    toMessage(ofLlama(provider)),
    'without the workspace’s account with a provider',
  )
  t.throws(() => shown('getServingEndpoint', { name: 'scorer' }, { name: 'scorer_prod' }), /of another environment/)
  t.same(
    shown('notifyOfServingEndpoint', { name: 'scorer' }, { name: 'scorer_acc', email_notifications: {} }),
    new Map([
      ['name', 'scorer'],
      ['email_notifications', toJson({})],
    ]),
  )
})
