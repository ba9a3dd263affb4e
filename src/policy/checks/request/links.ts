import type { EvaluationContext } from '../../evaluation-context.ts'
import { isWebLink, runsScript } from '../../locations/link.ts'
import type { Json } from '../../messages/json/json.ts'
import { parseIfJson } from '../../messages/json/json-text.ts'
import { placesMeaning, textsOf } from '../../messages/message-fields.ts'
import { readings } from '../../names/look-alikes.ts'
import { Refusal } from '../../reasons.ts'

/** Tags that MLflow's or Databricks' UI makes links of: where the code, the notebook or the repository is. */
const linkTag = /^mlflow\.(?:.*(?:url|uri|link)|(?:.*\.)?source\.?name)$/

/** Refuses a tag that a UI would show as a link which runs a script. Paths and repositories of any other kind pass. */
export function checkLinkTag(key: string, value: string): void {
  if (!runsScript(value) || !readings(key).some((reading) => linkTag.test(reading))) return
  throw new Refusal(
    'invalid-parameter',
    `The tag '${key.slice(0, 64)}' is shown as a link, and its value would run a script. Use a path, or an address that begins with https:// or http://.`,
  )
}

/** Where a data set's source says that it comes from the web, its UI shows `url` as a link. */
function linksIn(source: Json): string[] {
  const value = typeof source === 'string' ? parseIfJson(source, { allowNaN: true }) : undefined
  if (!(value instanceof Map)) return []
  return ['url', 'uri'].flatMap((key) => textsOf(value.get(key) ?? null))
}

/** Fields and data sources that a UI shows as links. */
export function checkLinks({ endpoint, message }: Pick<EvaluationContext, 'endpoint' | 'message'>): void {
  for (const { selector, value } of placesMeaning(endpoint, message, 'link')) {
    if (typeof value !== 'string' || value === '' || isWebLink(value)) continue
    throw new Refusal(
      'invalid-parameter',
      `The field '${selector}' is shown as a link: use an address that begins with https:// or http://, or leave it out.`,
    )
  }
  for (const { selector, value } of placesMeaning(endpoint, message, 'dataSource')) {
    if (!linksIn(value).some(runsScript)) continue
    throw new Refusal(
      'invalid-parameter',
      `The address in '${selector}' is shown as a link, and would run a script. Use one that begins with https:// or http://.`,
    )
  }
}
