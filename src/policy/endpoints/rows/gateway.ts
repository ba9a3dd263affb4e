import { type EndpointRow, rowsOf } from '../endpoint.ts'

/** What is asked of a language model names nothing that has an owner, but for the endpoint. */
const gateway = rowsOf('gateway', ['mlflow'])
/** The endpoint is the body's `model`, as in OpenAI's API. */
const byModel = (path: `/${string}`) =>
  gateway('POST', path, 'read', { model: 'gatewayEndpointName' }, ['model'],
    { bytes: 'both', opaque: true, request: 'handmade.GatewayCall', response: 'handmade.Empty' })

export const gatewayEndpoints = {
  invokeGatewayEndpoint: gateway('POST', '/gateway/{endpoint_name}/mlflow/invocations', 'read',
    { endpoint_name: 'gatewayEndpointName' }, ['endpoint_name'], { bytes: 'both', request: 'handmade.Empty', response: 'handmade.Empty' }),
  gatewayChat: byModel('/gateway/mlflow/v1/chat/completions'),
  gatewayOpenaiChat: byModel('/gateway/openai/v1/chat/completions'),
  gatewayOpenaiEmbeddings: byModel('/gateway/openai/v1/embeddings'),
  gatewayOpenaiResponses: byModel('/gateway/openai/v1/responses'),
  gatewayOpenaiCompact: byModel('/gateway/openai/v1/responses/compact'),
  gatewayAnthropicMessages: byModel('/gateway/anthropic/v1/messages'),
  gatewayTypesafe: byModel('/gateway/typesafe/v1/systemone'),
  listGatewayModels: gateway('GET', '/gateway/mlflow/v1/models', 'read', {}, [], { response: 'handmade.GatewayModels' }),
} satisfies Record<string, EndpointRow>
