import type { EndpointRow } from '../endpoint.ts'

const gateway = { resource: 'gateway', upstreams: ['mlflow'] } as const
/** What is asked of a language model names nothing that has an owner, but for the endpoint. */
const call = { ...gateway, method: 'POST', action: 'read', bytes: 'both' } as const
/** The endpoint is the body's `model`, as in OpenAI's API. */
const byModel = {
  ...call, opaque: true, fields: { model: 'gatewayEndpointName' }, required: ['model'],
  request: 'handmade.GatewayCall', response: 'handmade.Empty',
} as const

export const gatewayEndpoints = {
  invokeGatewayEndpoint: {
    ...call, path: '/gateway/{endpoint_name}/mlflow/invocations', fields: { endpoint_name: 'gatewayEndpointName' },
    required: ['endpoint_name'], request: 'handmade.Empty', response: 'handmade.Empty',
  },
  gatewayChat: { ...byModel, path: '/gateway/mlflow/v1/chat/completions' },
  gatewayOpenaiChat: { ...byModel, path: '/gateway/openai/v1/chat/completions' },
  gatewayOpenaiEmbeddings: { ...byModel, path: '/gateway/openai/v1/embeddings' },
  gatewayOpenaiResponses: { ...byModel, path: '/gateway/openai/v1/responses' },
  gatewayOpenaiCompact: { ...byModel, path: '/gateway/openai/v1/responses/compact' },
  gatewayAnthropicMessages: { ...byModel, path: '/gateway/anthropic/v1/messages' },
  gatewayTypesafe: { ...byModel, path: '/gateway/typesafe/v1/systemone' },
  listGatewayModels: {
    ...gateway, method: 'GET', path: '/gateway/mlflow/v1/models', action: 'read', fields: {}, required: [],
    response: 'handmade.GatewayModels',
  },
} as const satisfies Record<string, EndpointRow>
