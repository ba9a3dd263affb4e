import { settings } from './limits.ts'
import type { MeaningRow } from './meaning-row.ts'

/** The AI gateway's endpoints, model definitions and secrets. */
export const gatewayMeanings = {
  gatewayEndpointName: {
    checks: ['names'],
    audit: 'gateway',
    words: "the name of an AI gateway endpoint, mapped like a model's: must be the caller's own",
  },
  gatewayEndpoint: {
    checks: ['gatewayThings'],
    audit: 'gateway',
    words: "the id of an AI gateway endpoint: its name must be the caller's own",
  },
  modelDefinitionName: {
    checks: ['names'],
    audit: 'modelDefinition',
    words: "the name of an AI gateway model definition, mapped like a model's: must be the caller's own",
  },
  modelDefinition: {
    checks: ['gatewayThings'],
    audit: 'modelDefinition',
    words:
      "the id of a model definition: its name must be the caller's own, and for changes also the names of everything that uses it",
  },
  gatewaySecretName: {
    checks: ['names'],
    audit: 'gatewaySecret',
    words: "the name of an AI gateway secret, mapped like a model's: must be the caller's own",
  },
  gatewaySecret: { checks: ['gatewayThings'], audit: 'gatewaySecret', words: 'the id of a secret, like `modelDefinition`' },
  secretValue: {
    checks: ['destinations', 'gatewayThings'],
    limit: settings,
    words: 'the content of a secret: everything that its provider requires, and no variable or file of the server',
  },
  authConfig: {
    checks: ['destinations', 'gatewayThings'],
    limit: settings,
    words: "how the gateway authenticates to a provider: not with the server's own identity",
  },
  providersModel: {
    checks: ['destinations'],
    words:
      "a provider's name for its model: if it is an address, a public one by https, or one of the environment's `gatewayHosts`",
  },
} as const satisfies Record<string, MeaningRow>
