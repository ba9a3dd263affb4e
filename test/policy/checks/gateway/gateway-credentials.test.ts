import t from 'tap'
import { checkSuffices } from '../../../../src/policy/checks/gateway/gateway-credentials.ts'
import { acc, inAcc } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const fact = { id: 's', name: 'key_acc' }

t.test('a secret holds all that its provider takes, so that nothing of the server’s takes its place', async (t) => {
  t.doesNotThrow(() => checkSuffices({ ...fact, provider: 'openai', keys: ['api_key'] }, 'anthropic'))
  t.doesNotThrow(() =>
    checkSuffices(
      { ...fact, provider: 'bedrock', authMode: 'access_keys', keys: ['aws_access_key_id', 'aws_secret_access_key'] },
      'bedrock',
    ),
  )
  const lacks = (secret: object, asked: string, message: RegExp) =>
    t.throws(() => checkSuffices({ ...fact, ...secret }, asked), { reason: 'foreign-source', message })
  lacks({ provider: 'openai', keys: [] }, 'openai', /has no 'api_key', which provider 'openai' requires without an 'auth_mode'/)
  lacks(
    { provider: 'bedrock', authMode: 'access_keys', keys: ['aws_access_key_id'] },
    'bedrock',
    /has no 'aws_secret_access_key'/,
  )
  lacks({ provider: 'openai', keys: ['api_key'] }, 'bedrock', /is for provider 'openai', not for 'bedrock'/)
  lacks({ provider: 'openai', authMode: 'default_chain', keys: ['api_key'] }, 'openai', /auth_mode 'default_chain' is not served/)
})

t.test('nothing in a secret stands for something of the server’s', async (t) => {
  const secret = (secret_value: object, auth_config = {}) => ({ secret_name: 'x', secret_value, auth_config })
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'createGatewaySecret', secret({ api_key: 'k' }), null],
    [acc, 'createGatewaySecret', secret({ api_key: '$KEY' }), ['foreign-source', /looks like a variable or a file/]],
    [acc, 'createGatewaySecret', secret({ api_key: '/run/key' }), ['foreign-source', /looks like a variable or a file/]],
    [acc, 'createGatewaySecret', secret({ vertex_credentials: '{"type":"authorized_user"}' }), ['foreign-source', /JSON of a service account/]],
    [acc, 'createGatewaySecret', secret({ api_key: 'k' }, { auth_mode: 'default_chain' }), ['foreign-source', /'default_chain' is not served/]],
    [acc, 'updateGatewaySecret', { secret_id: inAcc.gateway('s'), secret_value: { other: 'k' } }, ['foreign-source', /has no 'api_key'/]],
  ])
})
