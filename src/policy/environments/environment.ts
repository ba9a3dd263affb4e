import type { PromotionRule } from '../promotions/promotion-rule.ts'

/** The four stages of MLflow's registry, in the server's own spelling. */
export const stages = ['None', 'Staging', 'Production', 'Archived'] as const
export type Stage = (typeof stages)[number]

/** What kind of MLflow is behind the proxy: an open-source server, or the one that Databricks manages. */
export type UpstreamKind = 'mlflow' | 'databricks'

/**
 * How a client works: `http`, with a tracking URI of http(s), gets artifacts from the proxy; `databricks`, with `DATABRICKS_HOST`, takes the
 * proxy for a workspace, and gets signed URLs from it.
 */
export type ClientMode = 'http' | 'databricks'

/** Where a Databricks workspace registers models: in a registry of its own, which has stages, or in Unity Catalog, which has aliases. */
export type ModelRegistry = 'workspace' | 'unityCatalog'

/** What an upstream serves: `databricks` is a workspace with its own registry. */
export type ServerKind = UpstreamKind | 'unityCatalog'

/** What serving endpoints of an environment may serve besides its own model versions. */
export interface ServingModels {
  /** Providers of external models, as Databricks calls them. */
  readonly providers: readonly string[]
  /** Hosts that an external model's address may name, as `host` or `host:port` in lower case. */
  readonly hosts: readonly string[]
  /** Schemas of Unity Catalog whose models may be served, as `catalog.schema` in lower case. */
  readonly schemas: readonly string[]
  /** Kinds of machines on which anything may be served, as Databricks calls them; left out: all. */
  readonly workloadTypes?: readonly string[]
}

/** The most that serving endpoints of an environment may ask for; what is left out is not limited. */
export interface ServingLimits {
  /** Requests that a served entity works on at once. */
  readonly concurrency?: number
  /** Tokens a second of a served entity. */
  readonly throughput?: number
  /** Model units of a served entity. */
  readonly modelUnits?: number
  /** Of an endpoint, from all callers together. */
  readonly callsPerMinute?: number
  readonly tokensPerMinute?: number
}

/** One logical environment, as configured. */
export interface Environment {
  readonly name: string
  /** `shadow`: what its own rules refuse is let pass and recorded. Left out: it is refused. */
  readonly enforcement?: 'shadow'
  /** May use the Production stage and manage versions in it. */
  readonly production: boolean
  /** Values of the token's `roles` or `groups` claim that put a caller here. */
  readonly groups: readonly string[]
  /** Such values that put a caller here who may only read and search; left out: there are none. */
  readonly readers?: readonly string[]
  /** Such values that put a caller here as an administrator of what belongs to a server; left out: nobody is one. */
  readonly administrators?: readonly string[]
  readonly modelSuffix: string
  /** In Unity Catalog takes the place of the suffix: `catalog.schema`, in lower case. */
  readonly unityCatalogSchema?: string
  /** In Unity Catalog takes the place of the stage: the alias that a new model version gets; `null` for none. */
  readonly registrationAlias?: string | null
  /** Absolute, without a trailing slash. */
  readonly experimentRoot: string
  /** The stage that a new model version gets; `null` leaves it unstaged. */
  readonly registrationStage: Stage | null
  /** Names of the environments whose versions may be read and promoted from. */
  readonly promotesFrom: readonly string[]
  /** Storage URIs that versions and experiments may name besides the environment's own; each ends with a slash. */
  readonly sourcePrefixes: readonly string[]
  /** Whether callers may query the AI gateway's endpoints that carry the environment's suffix; left out: no. */
  readonly gateway?: boolean
  /** Hosts that the AI gateway may be sent to by the environment's administrators besides public names: `host` or `host:port` in lower case. */
  readonly gatewayHosts?: readonly string[]
  /** The workspace of an MLflow 3 server that this environment is; left out: the server's default, or it has none. */
  readonly workspace?: string
  /** Serving endpoints of the whole workspace, by their exact names, that callers may query: foundation models and the like. */
  readonly sharedServingEndpoints?: readonly string[]
  /** Secret scopes of the workspace whose secrets a serving endpoint may name. */
  readonly servingSecretScopes?: readonly string[]
  /** Left out: versions of the environment's own models alone. */
  readonly servingModels?: ServingModels
  readonly servingLimits?: ServingLimits
}

/** Every group that puts a caller in an environment, as whatever. */
export function groupsOf({ groups, readers = [], administrators = [] }: Environment): readonly string[] {
  return [...groups, ...readers, ...administrators]
}

/** The configured environments, and how the upstream's database compares names. */
export interface PolicyConfig {
  readonly environments: readonly Environment[]
  /** How versions get from one environment into another one; left out: only as `promotesFrom` says. */
  readonly promotions?: readonly PromotionRule[]
  /** Groups of which a caller has to be in every one to be in any environment; left out: none. */
  readonly requiredGroups?: readonly string[]
  readonly foldsCase: boolean
  /** Where the upstream and the proxy themselves are reached, as `host:port` in lower case; left out: not known. */
  readonly ownHosts?: readonly string[]
  /** Left out: `mlflow`. A Databricks workspace copies what a version is made of, and spells paths and filters in its own way. */
  readonly kind?: UpstreamKind
  /** Left out: `workspace`. */
  readonly registry?: ModelRegistry
}

/** What the upstream of a landscape serves. */
export function serverKindOf({ kind = 'mlflow', registry }: Pick<PolicyConfig, 'kind' | 'registry'>): ServerKind {
  return kind === 'databricks' && registry === 'unityCatalog' ? 'unityCatalog' : kind
}

/** Whether models are registered in Unity Catalog. */
export function usesCatalog(config: Pick<PolicyConfig, 'kind' | 'registry'>): boolean {
  return serverKindOf(config) === 'unityCatalog'
}
