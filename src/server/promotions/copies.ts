import { attributeClause, printFilter } from '../../policy/filter/filter-string.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { objectsIn } from '../../policy/messages/message-fields.ts'
import { copiedFrom } from '../../policy/promotions/promotion-tags.ts'
import { allPages, type Query } from '../facts/all-pages.ts'
import { readFound, textIn } from '../facts/look-up-answers.ts'
import { mapAtOnce } from '../facts/map-at-once.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import { tagsOf } from './source-version.ts'

const api = '/api/2.0/mlflow'

/** All versions of a model, as a search lists them. */
async function versionsOf(upstream: Upstream, name: string, caller: CallerCredentials): Promise<readonly JsonObject[]> {
  const filter = printFilter([attributeClause('name', '=', { kind: 'string', text: name })])
  const find = async (query: Query) => readFound(await upstream.lookUp(`${api}/model-versions/search`, query, caller))
  return objectsIn((await allPages(find, { filter, max_results: '1000' }, 'model_versions')) ?? [])
}

/** The version of a model whose record says that it is a copy of `original`; null: there is none. */
export async function findCopy(
  upstream: Upstream,
  name: string,
  original: string,
  caller: CallerCredentials,
): Promise<string | null> {
  const rows = await versionsOf(upstream, name, caller)
  // A workspace leaves tags out of lists.
  const whole = async (row: JsonObject) => {
    if (upstream.kind !== 'databricks' || row.has('tags')) return row
    const found = readFound(
      await upstream.lookUp(`${api}/model-versions/get`, { name, version: textIn(row, 'version') ?? '' }, caller),
    )
    const version = found?.get('model_version')
    return version instanceof Map ? version : row
  }
  const copy = (await mapAtOnce(rows, whole)).find((row) => copiedFrom(tagsOf(row)) === original)
  return copy === undefined ? null : textIn(copy, 'version')
}
