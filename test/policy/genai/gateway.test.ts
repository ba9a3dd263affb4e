import t from 'tap'
import type { DecodedRequest } from '../../../src/policy/decoded-request.ts'
import { openEndpoints } from '../../../src/policy/endpoints/endpoint-table.ts'
import { printJson } from '../../../src/policy/messages/json/json-text.ts'
import { admitRows } from '../../../src/rewrite/answer/admit-rows.ts'
import { rewriteAnswer } from '../../../src/rewrite/answer/rewrite-answer.ts'
import { clientErrorText } from '../../../src/rewrite/errors/error-text.ts'
import { upstreamMessage } from '../../../src/rewrite/request/upstream-message.ts'
import {
  answerOf,
  type FakeFacts,
  grantOf,
  judge,
  makeEnvironment,
  refusalOf,
  requestTo,
  toMessage,
  verdictOf,
} from '../../fakes/fake-fact-source.ts'
import { fullMessage } from '../../fixtures/full-message.ts'
import { lent } from '../../fixtures/gateway-tenancy.ts'
import { absentScorer, acc, all, config, inAcc, inProd, tenancy } from '../../fixtures/tenancy.ts'

type Fields = Readonly<Record<string, unknown>>
const asAdministrator = (request: DecodedRequest): DecodedRequest => ({ ...request, administrator: true })
const ask = (endpoint: string, fields: Fields, facts: FakeFacts = tenancy) =>
  judge(config, acc, asAdministrator(requestTo(endpoint, fields)), facts)
const [endpoint_id, model_definition_id, secret_id] = [inAcc.gateway('e'), inAcc.gateway('d'), inAcc.gateway('s')]
const asked = { name: 'x', secret_id, provider: 'openai', model_name: 'gpt' }
const secret = { secret_name: 'x', secret_value: { api_key: 'k' } }
const models = [{ model_definition_id, linkage_type: 'PRIMARY' }]
const account = (type: string) => JSON.stringify({ type })
const keys = { aws_access_key_id: 'a', aws_secret_access_key: 'b' }

/** The tenancy with acc's secret for another provider. */
const withSecret = (provider: string, values: readonly string[], authMode?: string): FakeFacts => ({
  ...tenancy,
  gateway: (tenancy.gateway ?? []).map((fact) =>
    fact.id === secret_id ? { id: fact.id, name: fact.name, provider, keys: values, ...(authMode ? { authMode } : {}) } : fact,
  ),
})

// biome-ignore format: a table
const verdicts: [endpoint: string, fields: Fields, verdict: string, facts?: FakeFacts][] = [
  ['createGatewayEndpoint', { name: 'chat', model_configs: models }, 'allow'], ['createGatewayEndpoint', { name: 'chat_acc', model_configs: models }, 'allow'], ['createGatewayEndpoint', { name: 'x_prod_acc', model_configs: models }, 'invalid-parameter'],
  ['createGatewayEndpoint', { name: 'chat', model_configs: [...models, { model_definition_id: inProd.gateway('d') }] }, 'not-found'], ['createGatewayEndpoint', { name: 'chat', model_configs: [{ model_definition_id: inProd.gateway('d') }, ...models] }, 'not-found'],
  ['createGatewayEndpoint', { model_configs: models }, 'invalid-parameter'], ['createGatewayEndpoint', { name: 'chat', model_configs: models, experiment_id: inProd.experiment }, 'not-found'], ['createGatewayEndpoint', { name: 'chat', model_configs: models, experiment_id: '' }, 'invalid-parameter'],
  ['updateGatewayEndpoint', { endpoint_id, name: 'chat_prod' }, 'foreign-name'], ['updateGatewayEndpoint', { endpoint_id, name: '' }, 'allow'], ['updateGatewayEndpoint', { endpoint_id: 'chat_acc' }, 'not-found'], ['updateGatewayEndpoint', { endpoint_id: endpoint_id.toUpperCase() }, 'not-found'],
  ['getGatewayEndpoint', { name: 'chat' }, 'allow'], ['getGatewayEndpoint', { name: 'chat_prod' }, 'foreign-name'], ['getGatewayEndpoint', { endpoint_id: `${endpoint_id} ` }, 'not-found'], ['getGatewayEndpoint', { endpoint_id: inProd.gateway('e'), name: 'chat' }, 'not-found'],
  ['attachGatewayModel', { endpoint_id, model_config: { model_definition_id: lent.definition } }, 'allow'], ['attachGatewayModel', { endpoint_id, model_config: { model_definition_id: inProd.gateway('d') } }, 'not-found'], ['attachGatewayModel', { endpoint_id: inProd.gateway('e'), model_config: { model_definition_id } }, 'not-found'],
  ['detachGatewayModel', { endpoint_id, model_definition_id: inProd.gateway('d') }, 'not-found'], ['listGatewayEndpoints', {}, 'allow'], ['listModelDefinitions', { secret_id: lent.secret }, 'not-found'],
  ['createModelDefinition', { ...asked, secret_id: lent.secret }, 'not-found'], ['createModelDefinition', { ...asked, provider: 'bedrock' }, 'foreign-source'], ['createModelDefinition', { ...asked, provider: 'anthropic' }, 'allow'],
  // A secret that was lent stays with its model.
  ['updateModelDefinition', { model_definition_id: lent.definition, model_name: 'dearer' }, 'read-only'], ['updateModelDefinition', { model_definition_id: lent.definition, provider: 'x' }, 'read-only'], ['updateModelDefinition', { model_definition_id: lent.definition, model_name: 'x', secret_id }, 'allow'],
  ['updateModelDefinition', { model_definition_id, provider: 'Vertex_AI' }, 'foreign-source'], ['updateModelDefinition', { model_definition_id, provider: '' }, 'allow'], ['deleteModelDefinition', { model_definition_id: lent.definition }, 'allow'],
  // What others use, too, is not changed from here.
  ['updateGatewaySecret', { secret_id: lent.usedByProd, secret_value: { api_key: 'k' } }, 'read-only'], ['deleteGatewaySecret', { secret_id: lent.usedByProd }, 'read-only'], ['getGatewaySecret', { secret_id: lent.usedByProd }, 'allow'], ['createModelDefinition', { ...asked, secret_id: lent.usedByProd }, 'allow'],
  ['deleteModelDefinition', { model_definition_id }, 'read-only', { ...tenancy, gatewayUsers: { [model_definition_id]: ['chat_acc', 'chat'] } }], ['updateModelDefinition', { model_definition_id, model_name: 'x' }, 'read-only', { ...tenancy, gatewayUsers: { [model_definition_id]: ['chat_prod'] } }],
  ...['createEndpointBinding', 'deleteEndpointBinding'].flatMap((endpoint): [string, Fields, string][] => [inAcc.scorer, 'job-123', inProd.scorer, absentScorer, ` ${inProd.scorer}`, inProd.scorer.replaceAll('3', 'A')].map((resource_id, index) => [endpoint, { endpoint_id, resource_type: 'scorer', resource_id }, ['allow', 'allow', 'not-found', 'not-found', 'invalid-parameter', 'invalid-parameter'][index] ?? ''])),
  ['listEndpointBindings', {}, 'allow'], ['listEndpointBindings', { endpoint_id: inProd.gateway('e') }, 'not-found'], ['listEndpointBindings', { resource_id: inProd.scorer }, 'not-found'],
  ['createGatewaySecret', secret, 'allow'], ['createGatewaySecret', { ...secret, secret_name: 'x_prod' }, 'foreign-name'], ['createGatewaySecret', { secret_name: 'x' }, 'invalid-parameter'],
  ...['$OPENAI_API_KEY', ' os.environ/KEY', '/run/secrets/key', './key', '../key', '~/.aws/credentials', 'oidc/x', 'file:/x'].map((api_key): [string, Fields, string] => ['createGatewaySecret', { ...secret, secret_value: { api_key } }, 'foreign-source']),
  ...[account('external_account'), account('authorized_user'), 'key.json', '[]'].map((vertex_credentials): [string, Fields, string] => ['createGatewaySecret', { ...secret, secret_value: { vertex_credentials } }, 'foreign-source']), ['createGatewaySecret', { ...secret, secret_value: { vertex_credentials: account('service_account') } }, 'allow'],
  ['createGatewaySecret', { ...secret, auth_config: { auth_mode: 'default_chain' } }, 'foreign-source'], ['createGatewaySecret', { ...secret, auth_config: { api_base: 'https://models.example.com/v1' } }, 'allow'], ['updateGatewaySecret', { secret_id, auth_config: { auth_mode: 'default_chain' } }, 'foreign-source'],
  // A model is only asked with a secret that is all that its provider takes.
  ['createModelDefinition', { ...asked, provider: 'bedrock' }, 'foreign-source', withSecret('bedrock', Object.keys(keys))], ['createModelDefinition', { ...asked, provider: 'bedrock' }, 'allow', withSecret('bedrock', Object.keys(keys), 'access_keys')], ['createModelDefinition', { ...asked, provider: 'bedrock' }, 'foreign-source', withSecret('bedrock', ['aws_access_key_id'], 'access_keys')],
  ['createModelDefinition', { ...asked, provider: 'bedrock' }, 'foreign-source', withSecret('bedrock', ['x'], 'iam_role')], ['createModelDefinition', { ...asked, provider: 'bedrock' }, 'allow', withSecret('bedrock', ['api_key'])], ['createModelDefinition', asked, 'foreign-source', withSecret('openai', ['other'])],
  ['createModelDefinition', { ...asked, provider: 'sagemaker' }, 'allow', withSecret('sagemaker', Object.keys(keys), 'iam_role')], ['createModelDefinition', { ...asked, provider: 'databricks' }, 'allow', withSecret('databricks', ['client_secret'], 'oauth_m2m')], ['createModelDefinition', { ...asked, provider: 'databricks' }, 'foreign-source', withSecret('databricks', ['api_key'], 'oauth_m2m')],
  ['updateGatewaySecret', { secret_id, secret_value: { other: 'k' } }, 'foreign-source'], ['updateGatewaySecret', { secret_id, auth_config: { auth_mode: 'oauth_m2m' } }, 'foreign-source'], ['updateGatewaySecret', { secret_id, secret_value: { other: 'k' } }, 'allow', { ...tenancy, gatewayUsers: {} }],
  ['updateGatewaySecret', { secret_id, secret_value: { api_key: 'new' } }, 'allow'], ['updateGatewaySecret', { secret_id }, 'allow'],
]

t.test('the AI gateway as its environment’s administrators may change it', async (t) => {
  for (const [endpoint, fields, verdict, facts] of verdicts) {
    const judged = ask(endpoint, fields, facts)
    t.equal(verdictOf(judged), verdict, `${endpoint} ${JSON.stringify(fields)}: ${refusalOf(judged)?.message ?? 'allowed'}`)
  }
})

t.test('only administrators may ask what is for administrators', async (t) => {
  const rows = [...openEndpoints.values()].filter(({ administrators }) => administrators)
  t.ok(rows.length > 20, `${rows.length} rows`)
  for (const caller of all) {
    for (const endpoint of rows) {
      const message = fullMessage(endpoint, caller)
      const judged = judge(config, caller.environment, { endpointName: endpoint.name, endpoint, message }, tenancy)
      t.match(refusalOf(judged), { reason: 'closed-endpoint', message: /^This is for administrators of environment '\w+'/ })
      t.same(judged.questions, [], `${endpoint.name}: nothing is asked`)
    }
  }
  const named = makeEnvironment('acc', { administrators: ['admins_acc', 'owners'] })
  const judged = judge(config, named, requestTo('listGatewaySecrets', {}), tenancy)
  t.match(refusalOf(judged)?.message, /and you are not one\. Ask someone in admins_acc or owners\.$/)
  t.match(refusalOf(judge(config, acc, requestTo('listGatewaySecrets', {}), tenancy))?.message, /the configuration lists none/)
})

/** What goes to MLflow for an allowed request. */
const sent = (endpoint: string, fields: Fields) => printJson(upstreamMessage(grantOf(ask(endpoint, fields))))

t.test('names get the environment’s suffix, and the use of an endpoint is written down in the environment', async (t) => {
  t.equal(
    sent('createGatewaySecret', { ...secret, created_by: 'me' }),
    '{"secret_name":"x_acc","secret_value":{"api_key":"k"},"created_by":"me"}',
  )
  t.equal(
    sent('createModelDefinition', asked),
    `{"name":"x_acc","secret_id":"${secret_id}","provider":"openai","model_name":"gpt"}`,
  )
  const tracked = grantOf(ask('createGatewayEndpoint', { name: 'x', model_configs: models }))
  t.match(tracked.context.usageExperimentId, /^777$/, 'which is made where there is none')
  t.match(printJson(upstreamMessage(tracked)), /"name":"x_acc",.*"experiment_id":"777"/)
  t.notMatch(sent('createGatewayEndpoint', { name: 'x', model_configs: models, usage_tracking: false }), /experiment_id/)
  t.match(
    sent('createGatewayEndpoint', { name: 'x', model_configs: models, experiment_id: '0' }),
    new RegExp(`"experiment_id":"${inAcc.defaultExperiment}"`),
  )
  t.match(sent('updateGatewayEndpoint', { endpoint_id: lent.endpoint, usage_tracking: true }), /"experiment_id":"777"/)
  for (const fields of [{ endpoint_id, usage_tracking: true }, { endpoint_id: lent.endpoint }])
    t.notMatch(sent('updateGatewayEndpoint', fields), /experiment_id/, 'what it has, or what is not asked for, stays as it is')
})

/** What the caller gets of an answer. */
const shown = (endpoint: string, fields: Fields, answer: Fields) =>
  printJson(rewriteAnswer(grantOf(ask(endpoint, fields)), toMessage(answer)))

t.test('lists have the environment’s own rows, in its names', async (t) => {
  const rows = ['a_acc', 'a_prod', 'a', 'x_prod_acc', ''].map((name) => ({ name, secret_name: name, experiment_id: '10' }))
  t.equal(shown('listGatewaySecrets', {}, { secrets: rows }), '{"secrets":[{"secret_name":"a"}]}')
  t.equal(
    shown('listGatewayEndpoints', {}, { endpoints: rows }),
    '{"endpoints":[{"name":"a","experiment_id":"0"}]}',
    'with the logical id of the default experiment',
  )
  const elsewhere = { endpoints: [{ name: 'a_acc', experiment_id: inProd.experiment }] }
  t.equal(shown('listGatewayEndpoints', {}, elsewhere), '{"endpoints":[{"name":"a","experiment_id":""}]}')
  t.equal(
    shown('listModelDefinitions', {}, { model_definitions: rows }),
    '{"model_definitions":[{"name":"a","secret_name":"a"}]}',
  )
  const parts = [
    { mapping_id: 'm-1', model_definition: { name: 'gpt_acc', secret_name: 'key' } },
    { mapping_id: 'm-2', model_definition: { name: 'gpt_prod', secret_name: 'key_prod', secret_id: 's' } },
  ]
  t.equal(
    shown('getGatewayEndpoint', { name: 'chat' }, { endpoint: { name: 'chat_acc', model_mappings: parts } }),
    '{"endpoint":{"name":"chat","model_mappings":[{"mapping_id":"m-1","model_definition":{"name":"gpt","secret_name":""}},{"mapping_id":"m-2"}]}}',
    'what is not the environment’s is not shown in what is',
  )
  const foreign = () => shown('getGatewayEndpoint', { name: 'chat' }, { endpoint: { name: 'chat_prod' } })
  t.throws(foreign, /which this proxy does not know/)
})

t.test('a scorer’s text is rewritten both ways, and only where it names an endpoint', async (t) => {
  const own = { experiment_id: inAcc.experiment, name: 'x' }
  const register = (serialized_scorer: string) => grantOf(ask('registerScorer', { ...own, serialized_scorer }))
  const plain = '{"a" : 1.0,"b":[NaN], "c":"gateway: is it up?"}'
  t.equal(upstreamMessage(register(plain)).get('serialized_scorer'), plain, 'letter by letter')
  const text = '{"version":9007199254740993,"instructions_judge_pydantic_data":{"model":"gateway:\\/chat","é":"\\ud83d\\ude00"}}'
  const stored = upstreamMessage(register(text)).get('serialized_scorer')
  t.equal(stored, '{"version":9007199254740993,"instructions_judge_pydantic_data":{"model":"gateway:/chat_acc","é":"😀"}}')
  const back = (serialized_scorer: string) => {
    const answer = rewriteAnswer(register(plain), toMessage({ experiment_id: inAcc.experiment, serialized_scorer }))
    return answer.get('serialized_scorer')
  }
  t.equal(
    back(String(stored)),
    '{"version":9007199254740993,"instructions_judge_pydantic_data":{"model":"gateway:/chat","é":"😀"}}',
  )
  t.equal(back(plain), plain)
  t.equal(back('{"model":"gateway:/chat_prod"}'), '{"model":null}', 'as of one that is gone')
  t.equal(back('{gateway:/chat_prod'), '', 'what cannot be read is not shown')
  const closed = makeEnvironment('acc', { gateway: false })
  const request = requestTo('registerScorer', { ...own, serialized_scorer: text })
  t.match(refusalOf(judge(config, closed, request, tenancy)), {
    reason: 'closed-endpoint',
    message: /not open in environment 'acc'/,
  })
})

t.test('bindings are those of the environment’s own endpoints', async (t) => {
  const grant = grantOf(ask('listEndpointBindings', {}))
  const bindings = [endpoint_id, inProd.gateway('e'), lent.endpoint, ''].map((id) => ({ endpoint_id: id, display_name: 'x' }))
  const rows = bindings.map((row) => toMessage(row))
  const evaluation = admitRows(grant.context, 'mlflow.GatewayEndpointBinding', rows)
  let step = evaluation.next()
  while (!step.done) step = evaluation.next(answerOf(tenancy, step.value))
  t.equal(
    printJson(rewriteAnswer(grant, toMessage({ bindings }), step.value)),
    JSON.stringify({ bindings: [endpoint_id, lent.endpoint].map((id) => ({ endpoint_id: id, display_name: 'x' })) }),
  )
})

t.test('sentences of MLflow’s speak of things by the caller’s names', async (t) => {
  const told = (endpoint: string, fields: Fields, text: string) =>
    clientErrorText(text, 'X', grantOf(ask(endpoint, fields)).context)
  t.equal(told('createGatewaySecret', secret, "Secret with name 'x_acc' already exists"), "Secret with name 'x' already exists")
  t.equal(
    told('deleteGatewayEndpoint', { endpoint_id }, "cannot delete 'chat_acc'"),
    "cannot delete 'chat'",
    'found by an id, too',
  )
  t.notMatch(told('listGatewaySecrets', {}, "secret 'key_prod' is bad"), /prod/)
})

t.test('the server’s flag of its gateway is for those who have its pages', async (t) => {
  const answer = toMessage({ features_enabled: { gateway: true } })
  const request = requestTo('getServerInfo', {})
  for (const [asks, flag] of [
    [request, false],
    [asAdministrator(request), true],
  ] as const)
    t.equal(
      printJson(rewriteAnswer(grantOf(judge(config, acc, asks, tenancy)), answer)),
      `{"features_enabled":{"gateway":${flag}}}`,
    )
})
