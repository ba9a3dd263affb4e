/** The version of the audit line's schema: it grows when a field is taken away or means something else, not when one is added. */
export const schemaVersion = 1

const text = { type: 'string' } as const
const maybe = { type: ['string', 'null'] } as const

/** Every field of an audit line. `schema/audit.schema.json`, the table in docs/audit.md and the type of a line are all made of this. */
export const auditFields = {
  level: { const: 30, description: 'As every line of the log has it.' },
  time: { type: 'integer', description: 'When the answer ended, in milliseconds since 1970.' },
  audit: { const: true, description: 'Tells audit lines from others in a log.' },
  schemaVersion: { const: schemaVersion, description: 'The version of this schema.' },
  requestId: {
    ...text,
    description: "The request's id: the client's `x-request-id`, if it has 16 to 64 plain characters, or one of the proxy's own.",
  },
  traceId: {
    ...maybe,
    description:
      'The trace id of `traceparent`, or with [tracing](tracing.md) the one that the proxy began; null: there is none.',
  },
  tenantId: { ...maybe, description: "The caller's issuer: the Entra tenant, or the address of another issuer." },
  objectId: { ...maybe, description: "The caller's id with that issuer: Entra's object id, or the claim that is configured." },
  kind: { enum: ['user', 'application', null], description: 'What the caller is; null: unknown.' },
  userName: { ...maybe, description: "The caller's name, as the issuer says it. Names change: only `objectId` identifies." },
  applicationId: { ...maybe, description: 'The application that got the token: the caller, or what a user works with.' },
  groups: {
    type: 'array',
    items: text,
    description: 'As few of the groups and roles as put the caller into their environments.',
  },
  environment: { ...maybe, description: 'The environment that the request was decided in.' },
  askedEnvironment: { ...maybe, description: 'The one that the address names, by `/env/<name>` or a host name; null: none.' },
  administrator: { type: 'boolean', description: "Whether the caller is one of the environment's administrators." },
  clientAddress: {
    ...maybe,
    description: 'The address that the request is from. Behind the proxies of `trustedProxies` the one that they say.',
  },
  method: { ...maybe, description: 'The HTTP method.' },
  action: {
    enum: ['read', 'search', 'create', 'update', 'delete', 'transition', null],
    description: 'What the endpoint does; null: nothing with MLflow, or no endpoint was found.',
  },
  endpoint: {
    ...text,
    description: 'The name in [endpoints](endpoints.md); `unknown`, `unreadable` or `closed …` if there is none.',
  },
  references: {
    type: 'array',
    description:
      'What the request names, at most 20: its kind, the name or id as the caller wrote it, the same upstream (null: not resolved), and the version of a model.',
    items: {
      type: 'object',
      properties: { kind: text, logical: text, upstream: maybe, version: text },
      required: ['kind', 'logical', 'upstream'],
      additionalProperties: false,
    },
  },
  details: {
    type: ['object', 'null'],
    description:
      'What else it says: the stages that a version moves between and whether others are archived, an alias, the key of a tag, a new name, the path of an artifact.',
    properties: {
      fromStage: text,
      toStage: text,
      archivesOthers: { type: 'boolean' },
      alias: text,
      tagKey: text,
      newName: text,
      path: text,
    },
    required: [],
    additionalProperties: false,
  },
  promotion: {
    type: ['object', 'null'],
    description:
      'Of a request to `/-/promote`: the id of the promotion, its environments, who asked and who approved (tenant and object id), and the number of the new version; what is not known, or not yet, is null.',
    properties: { id: maybe, from: text, to: text, askedBy: maybe, approvedBy: maybe, newVersion: maybe },
    required: ['id', 'from', 'to', 'askedBy', 'approvedBy', 'newVersion'],
    additionalProperties: false,
  },
  decision: {
    enum: ['allow', 'deny', 'none'],
    description: '`none`: there was nothing to decide, or it could not be decided.',
  },
  reason: {
    ...maybe,
    description:
      'Why it was refused or failed: a [reason](how-it-decides.md#refusals), or `upstream-error`, `upstream-broke`, `client-gone`, `internal`.',
  },
  wouldRefuse: {
    ...maybe,
    description:
      'The reason for which it would have been refused, if its environment were not in [shadow](shadow.md); null: none.',
  },
  status: { type: ['integer', 'null'], description: 'The HTTP status; null: the client may not have seen one.' },
  complete: { type: 'boolean', description: 'Whether the whole answer was sent.' },
  upstreamStatus: {
    type: ['integer', 'null'],
    description: "The status of MLflow's answer; null: MLflow did not answer, or was not asked.",
  },
  upstreamRequestId: { ...maybe, description: "The `x-request-id` of MLflow's answer, if it has one." },
  durationMs: { type: ['number', 'null'], description: 'Milliseconds from the request to the end of its answer.' },
  configHash: { ...text, description: 'The beginning of the SHA-256 of the configuration that decided.' },
  msg: { const: 'request', description: 'As every line of the log has it.' },
} as const

interface Kinds {
  readonly string: string
  readonly integer: number
  readonly number: number
  readonly boolean: boolean
  readonly null: null
}

type ObjectOf<P, R> = { readonly [K in keyof P as K extends R ? K : never]: ValueOf<P[K]> } & {
  readonly [K in keyof P as K extends R ? never : K]?: ValueOf<P[K]>
}

/** The type of what a field's schema describes. */
type ValueOf<F> = F extends { readonly const: infer V }
  ? V
  : F extends { readonly enum: readonly (infer V)[] }
    ? V
    : F extends { readonly items: infer I }
      ? readonly ValueOf<I>[]
      : F extends { readonly properties: infer P; readonly required: readonly (infer R)[]; readonly type: infer T }
        ? ObjectOf<P, R> | (T extends readonly unknown[] ? null : never)
        : F extends { readonly type: readonly (infer T extends keyof Kinds)[] }
          ? Kinds[T]
          : F extends { readonly type: infer T extends keyof Kinds }
            ? Kinds[T]
            : never

/** One audit line, parsed. */
export type AuditLine = { readonly [K in keyof typeof auditFields]: ValueOf<(typeof auditFields)[K]> }
