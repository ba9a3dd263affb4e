import { servedBy } from './checks/serving/served-versions.ts'
import type { OpenEndpoint } from './endpoints/endpoint.ts'
import type { Json, JsonObject } from './messages/json/json.ts'
import { eachAt } from './messages/message-fields.ts'
import { planOf } from './plan.ts'

/** A reference for the audit line; `upstream` is null as long as nobody has resolved it. */
export interface RequestedReference {
  readonly kind: string
  readonly logical: string
  readonly upstream: string | null
}

/** Of one request at most so many references, and of each so many characters: they are the caller's words, and unchecked. */
const most = { references: 20, characters: 256 } as const

/** The references of a decoded request as the caller wrote them. */
export function requestedReferences(endpoint: OpenEndpoint, message: JsonObject): readonly RequestedReference[] {
  const found: RequestedReference[] = []
  const add = (kind: string, value: Json) => {
    if (Array.isArray(value)) for (const item of value) add(kind, item)
    if (typeof value !== 'string' || value === '' || found.length === most.references) return
    found.push({ kind, logical: value.slice(0, most.characters), upstream: null })
  }
  for (const [kind, selector] of planOf(endpoint).audited) eachAt(message, selector, (value) => add(kind, value))
  for (const { name } of servedBy({ endpoint, message })) add('model', name)
  return found
}
