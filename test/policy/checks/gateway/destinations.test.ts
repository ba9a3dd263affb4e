import t from 'tap'
import { checkProviderHasAddress } from '../../../../src/policy/checks/gateway/destinations.ts'
import { makeEnvironment } from '../../../fakes/fake-fact-source.ts'
import { acc } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const secret = (secret_value: object, auth_config = {}) => ({
  secret_name: 'x',
  secret_value: { api_key: 'k', ...secret_value },
  auth_config,
})

t.test('MLflow is told to call public addresses alone, and hosts that the configuration lists', async (t) => {
  const inside = secret({}, { api_base: 'https://models.internal/v1' })
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'createGatewaySecret', secret({}, { api_base: 'https://models.example.com/v1' }), null],
    [acc, 'createGatewaySecret', secret({}, { api_base: 'http://169.254.169.254/' }), ['foreign-source', /^The address in 'api_base'/]],
    [acc, 'createGatewaySecret', secret({ host: '10.0.0.1' }), ['foreign-source', /^The address in 'host'/]],
    [acc, 'createGatewaySecret', secret({ anything: '//localhost/x' }), ['foreign-source', /^The address in 'anything'/]],
    [acc, 'createGatewaySecret', secret({ deep: '{"token_uri": "https://127.0.0.1/"}' }), ['foreign-source', /^The address in 'token_uri'/]],
    [acc, 'createGatewaySecret', secret({ aws_region: 'eu-west-1' }), null],
    [acc, 'createGatewaySecret', secret({ aws_region: 'x.evil/' }), ['foreign-source', /is part of an address/]],
    [acc, 'createGatewaySecret', secret({}, { base_url: 'https://models.example.com' }), ['foreign-source', /Use 'api_base' instead/]],
    [acc, 'createGatewaySecret', inside, ['foreign-source', /^The address in 'api_base'/]],
    [makeEnvironment('acc', { gatewayHosts: ['models.internal'] }), 'createGatewaySecret', inside, null],
  ])
})

t.test('a provider on the server’s own machine has an address', async (t) => {
  t.throws(() => checkProviderHasAddress('ollama', undefined), { reason: 'foreign-source', message: /Without 'api_base'/ })
  t.throws(() => checkProviderHasAddress('hosted_vllm', ''), { reason: 'foreign-source', message: /Without 'api_base'/ })
  t.doesNotThrow(() => checkProviderHasAddress('ollama', 'https://models.example.com'))
  t.doesNotThrow(() => checkProviderHasAddress('openai', undefined))
})
