import type { Principal } from '../identity/principal.ts'
import { parseIfJson } from '../messages/json/json-text.ts'

/** Who asked or approved, and when. */
export interface Signature {
  /** Tenant and object id: names change. */
  readonly id: string
  readonly name: string
  /** ISO 8601, UTC. */
  readonly at: string
}

/** What a tag of a version says of the promotion that somebody asks for. */
export interface PromotionRequest {
  readonly id: string
  readonly to: string
  readonly asked: Signature
  /** Null: nobody has approved it yet. */
  readonly approved: Signature | null
}

/** Characters of a name: the whole must fit into a tag of Unity Catalog. */
const longestName = 60

/** The signature of a caller under a name; `now` in milliseconds since 1970. */
export function sign({ tenantId, objectId }: Principal, name: string, now: number): Signature {
  const shown = name.replaceAll(/[^\p{L}\p{N} .@_+-]/gu, '?').slice(0, longestName)
  return { id: `${tenantId} ${objectId}`, name: shown, at: new Date(now).toISOString().slice(0, 19).concat('Z') }
}

const pack = ({ id, name, at }: Signature) => [id, name, at]

/** A request as the value of its tag. */
export function printRequest({ id, to, asked, approved }: PromotionRequest): string {
  return JSON.stringify([id, to, pack(asked), ...(approved === null ? [] : [pack(approved)])])
}

function readSignature(value: unknown): Signature | null {
  const [id, name, at] = Array.isArray(value) ? value : []
  return typeof id === 'string' && typeof name === 'string' && typeof at === 'string' ? { id, name, at } : null
}

/** The request that a tag's value says; null for any other text. */
export function readRequest(text: string): PromotionRequest | null {
  const value = parseIfJson(text)
  const [id, to, by, approval] = Array.isArray(value) ? value : []
  const asked = readSignature(by)
  if (typeof id !== 'string' || typeof to !== 'string' || asked === null) return null
  return { id, to, asked, approved: readSignature(approval) }
}
