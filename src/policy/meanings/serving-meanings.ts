import { settings } from './limits.ts'
import type { MeaningRow } from './meaning-row.ts'

const setting = { checks: ['serving'], limit: settings } as const
const served = { checks: ['serving', 'servedVersions'], limit: settings } as const

/** Serving endpoints of a Databricks workspace. */
export const servingMeanings = {
  servingEndpointName: {
    checks: ['serving'],
    audit: 'endpoint',
    words: "a serving endpoint's name, mapped like a model's; to get and query also the environment's `sharedServingEndpoints`",
  },
  servingEndpointId: { checks: ['workspaceIds'], words: "the workspace's id of a serving endpoint: must be the caller's own" },
  servedEntities: {
    ...served,
    words:
      'what an endpoint serves: versions of models, each like `modelName` for reading and `version`, and what `servingModels` allows; secrets only of configured scopes',
  },
  servedName: {
    unchecked: 'it is looked for in the endpoint that is named beside it',
    words: 'the name of a served entity within its endpoint',
  },
  servingConfig: { ...served, words: 'the configuration of an endpoint, like `servedEntities`' },
  aiGateway: { ...setting, words: 'limits and guardrails of an endpoint, without Unity Catalog tables' },
  gatewayRateLimits: { ...setting, words: 'rate limits of an endpoint: within `servingLimits`' },
  olderRateLimits: {
    ...setting,
    words: 'the older form of rate limits, from before endpoints had an AI gateway: refused if `servingLimits` limits the rate',
  },
  ofWorkspace: { ...setting, words: 'what belongs to the whole workspace: refused if set' },
} as const satisfies Record<string, MeaningRow>
