import { isInProduction } from '../../policy/environments/production.ts'
import type { GrantContext } from '../../policy/grant.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { textsOf } from '../../policy/messages/message-fields.ts'

/** Whether a version is in production, by what its own row says. */
export function isInProductionRow(
  { stage, aliases: field }: { readonly stage: string; readonly aliases: string },
  row: JsonObject,
  { config }: GrantContext,
): boolean {
  const listed = row.get(field)
  // Unity Catalog says with each alias at which version it points.
  const aliases = (Array.isArray(listed) ? listed : []).flatMap((each) =>
    textsOf((each instanceof Map ? each.get('alias') : each) ?? null),
  )
  return isInProduction(config, { stage: row.get(stage) === 'Production' ? 'Production' : 'None', aliases })
}
