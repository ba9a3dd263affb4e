import { settings, word } from './limits.ts'
import type { MeaningRow } from './meaning-row.ts'

/** Serving endpoints of a Databricks workspace. */
export const servingMeanings = {
  servingEndpointName: {
    checks: ['serving'],
    limit: word,
    audit: 'endpoint',
    words: "a serving endpoint's name, mapped like a model's; to get and query also the environment's `sharedServingEndpoints`",
  },
  servingEndpointId: {
    checks: ['workspaceIds'],
    limit: word,
    words: "the workspace's id of a serving endpoint: must be the caller's own",
  },
  servedEntities: {
    checks: ['serving', 'servedVersions'],
    limit: settings,
    words:
      'what an endpoint serves: versions of models, each like `modelName` for reading and `version`, and what `servingModels` allows; secrets only of configured scopes',
  },
  servedName: {
    unchecked: 'it is looked for in the endpoint that is named beside it',
    limit: word,
    words: 'the name of a served entity within its endpoint',
  },
  servingConfig: {
    checks: ['serving', 'servedVersions'],
    limit: settings,
    words: 'the configuration of an endpoint, like `servedEntities`',
  },
  aiGateway: {
    checks: ['serving'],
    limit: settings,
    words: 'limits and guardrails of an endpoint, without Unity Catalog tables',
  },
  gatewayRateLimits: {
    checks: ['serving'],
    limit: settings,
    words: 'rate limits of an endpoint: within `servingLimits`',
  },
  olderRateLimits: {
    checks: ['serving'],
    limit: settings,
    words: 'the older form of rate limits, from before endpoints had an AI gateway: refused if `servingLimits` limits the rate',
  },
  ofWorkspace: {
    checks: ['serving'],
    limit: settings,
    words: 'what belongs to the whole workspace: refused if set',
  },
} as const satisfies Record<string, MeaningRow>
