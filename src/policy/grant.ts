import type { OpenEndpoint } from './endpoints/endpoint.ts'
import type { ClientMode, Environment, PolicyConfig } from './environments/environment.ts'
import type { VersionFact } from './fact-query.ts'
import type { JsonObject } from './messages/json/json.ts'
import type { UpstreamName } from './names/names.ts'
import type { VersionTag } from './promotions/promotion-tags.ts'
import type { Refusal } from './reasons.ts'

/** What was found out on the way to a decision, and is needed again to rewrite the request and its answer. */
export interface GrantContext {
  readonly config: PolicyConfig
  readonly environment: Environment
  /** Whether the caller is an administrator of the environment. */
  readonly administrator: boolean
  /** Tags of the record, where the request carries out a promotion. */
  readonly record: readonly VersionTag[] | null
  /** Whose locations the answer shows: a client in Databricks mode sees the workspace's own. */
  readonly mode: ClientMode
  /** The upstream id of the environment's default experiment, whose logical id is `0`. */
  readonly defaultExperimentId: string
  /** Ids of experiments whose runs and logged models the answer may show. */
  readonly visibleExperiments: ReadonlySet<string>
  /** Ids of experiments, data sets and gateway endpoints that rows of the answer may belong to, as far as they are known to be the caller's own. */
  readonly admitted: ReadonlySet<string>
  /** Of the traces that are looked for, those that are asked for upstream. */
  readonly visibleTraces: ReadonlySet<string>
  /** Ids that the request names and that were passed over: absent or another's, which must not be told apart. */
  readonly passedOver: ReadonlySet<string>
  /** The environment whose models the answer may show: the caller's own, or the one they asked to read. */
  readonly scope: Environment
  /** The model version that the request is about, where it was looked up. */
  readonly version: VersionFact | null
  /** The run behind the version that a new version is made from. */
  readonly sourceRunId: string | null
  /** Where the files of the new version's source lie upstream, where the registry takes no other word for it. */
  readonly sourceLocation: string | null
  /** Where the use of a gateway endpoint is written down, where the request leaves that to MLflow. */
  readonly usageExperimentId: string | null
  /** Names of experiments that the request needs and that are not there yet. They are made, and the request is decided on anew: nothing is sent before. */
  readonly missing: readonly UpstreamName[]
  /** Whether a part of an answer is of a serving endpoint that the configuration shares: its names are the workspace's own. */
  readonly inSharedEndpoint?: true
  /** Whether a part of an answer is of an experiment whose name comes back with a slash before it. */
  readonly leadingSlash?: true
  /** Keys of what the request changes and a version in production may be made of. */
  readonly changes: readonly string[]
  /** Keys of what the request brings into production. */
  readonly promotes: readonly string[]
  /** The request in the caller's own words: what MLflow repeats of it is nothing that they do not know. */
  readonly said: JsonObject
  /** The refusal that this grant stands for, because the environment is in shadow; null: none. */
  readonly wouldRefuse: Refusal | null
  /** Value pairs for the audit line: what the caller said, what MLflow is told. */
  readonly references: readonly AuditedReference[]
}

/** The context of an answer whose rows were looked at: a grant itself does not change. */
export function withAdmitted(context: GrantContext, admitted: ReadonlySet<string>): GrantContext {
  return admitted === context.admitted ? context : { ...context, admitted }
}

export interface AuditedReference {
  readonly kind: string
  readonly logical: string
  readonly upstream: string
}

/** Permission to send one request upstream. Only `decide` makes one: a look-alike neither compiles nor passes `isGrant`. */
class Grant {
  readonly #issued = true
  readonly endpointName: string
  readonly endpoint: OpenEndpoint
  readonly message: JsonObject
  readonly context: GrantContext
  constructor(endpointName: string, endpoint: OpenEndpoint, message: JsonObject, context: GrantContext) {
    this.endpointName = endpointName
    this.endpoint = endpoint
    this.message = message
    this.context = context
    Object.freeze(this)
  }

  static is(value: unknown): value is Grant {
    return typeof value === 'object' && value !== null && #issued in value && value.#issued
  }
}

export type { Grant }

/** Whether a value is a real grant, whatever the types say. */
export const isGrant: (value: unknown) => value is Grant = Grant.is

/** Issues a grant. For `decide` alone (a lint rule and a test see to it). */
export function issueGrant(endpointName: string, endpoint: OpenEndpoint, message: JsonObject, context: GrantContext): Grant {
  return new Grant(endpointName, endpoint, message, context)
}
