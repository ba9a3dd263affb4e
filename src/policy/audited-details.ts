import type { OpenEndpoint } from './endpoints/endpoint.ts'
import { stages } from './environments/environment.ts'
import type { GrantContext } from './grant.ts'
import type { AuditDetail, AuditDetails } from './meanings/audit-detail.ts'
import type { Json, JsonObject } from './messages/json/json.ts'
import { eachAt } from './messages/message-fields.ts'
import { planOf } from './plan.ts'

/** The most characters of one: they are the caller's words, and unchecked. */
const longest = 256

function textIn(detail: AuditDetail, value: Json): string | undefined {
  const text = Array.isArray(value) ? value[0] : value
  if (typeof text !== 'string' || text === '') return undefined
  const stage = detail === 'toStage' ? stages.find((known) => known.toLowerCase() === text.toLowerCase()) : undefined
  return stage ?? text.slice(0, longest)
}

/** The details of a decoded request; null: it has none. */
export function requestedDetails(endpoint: OpenEndpoint, message: JsonObject): AuditDetails | null {
  const { details } = planOf(endpoint)
  if (details.length === 0) return null
  const found: { -readonly [name in keyof AuditDetails]: AuditDetails[name] } = {}
  let isEmpty = true
  for (const [detail, selector] of details)
    eachAt(message, selector, (value) => {
      const said = detail === 'archivesOthers' ? value === true || undefined : textIn(detail, value)
      if (said === undefined) return
      Object.assign(found, { [detail]: said })
      isEmpty = false
    })
  return isEmpty ? null : found
}

/** The same once it is known where the version comes from. */
export function grantedDetails(details: AuditDetails | null, { version }: Pick<GrantContext, 'version'>): AuditDetails | null {
  return details?.toStage === undefined || version === null ? details : { fromStage: version.stage, ...details }
}
