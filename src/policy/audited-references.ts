import { servedBy } from './checks/serving/served-versions.ts'
import type { OpenEndpoint } from './endpoints/endpoint.ts'
import type { Json, JsonObject } from './messages/json/json.ts'
import { eachAt, idIn } from './messages/message-fields.ts'
import { planOf } from './plan.ts'

/** A reference for the audit line; `upstream` is null as long as nobody has resolved it. */
export interface RequestedReference {
  readonly kind: string
  readonly logical: string
  readonly upstream: string | null
  /** Of a model, where the request names one. */
  readonly version?: string
}

/** Of one request at most so many references, and of each so many characters: they are the caller's words, and unchecked. */
const most = { references: 20, characters: 256 } as const

/** The references of a decoded request as the caller wrote them. */
export function requestedReferences(endpoint: OpenEndpoint, message: JsonObject): readonly RequestedReference[] {
  const found: RequestedReference[] = []
  const add = (kind: string, value: Json, version: string | null = null) => {
    if (Array.isArray(value)) for (const item of value) add(kind, item)
    if (typeof value !== 'string' || value === '' || found.length === most.references) return
    const reference = { kind, logical: value.slice(0, most.characters), upstream: null }
    found.push(version === null ? reference : { ...reference, version: version.slice(0, most.characters) })
  }
  for (const [kind, selector, version] of planOf(endpoint).audited)
    eachAt(message, selector, (value, object) => add(kind, value, version === undefined ? null : idIn(object, version)))
  for (const { name, version } of servedBy({ endpoint, message })) add('model', name, version || null)
  return found
}

/** What a decision found of the references, with the versions that the request names. */
export function withVersions(
  granted: readonly RequestedReference[],
  requested: readonly RequestedReference[],
): readonly RequestedReference[] {
  const named = requested.filter(({ version }) => version !== undefined)
  if (named.length === 0) return granted
  return granted.map((reference) => {
    const { version } = named.find(({ kind, logical }) => kind === reference.kind && logical === reference.logical) ?? {}
    return version === undefined ? reference : { ...reference, version }
  })
}
