import { printFilter } from '../../policy/filter/filter-string.ts'
import { objectsIn } from '../../policy/messages/message-fields.ts'
import { ownerOf } from '../../policy/names/names.ts'
import { type PromotionRequest, readRequest } from '../../policy/promotions/promotion-request.ts'
import type { PromotionRule } from '../../policy/promotions/promotion-rule.ts'
import { promotionRequestTag } from '../../policy/promotions/promotion-tags.ts'
import { allPages, type Query } from '../facts/all-pages.ts'
import { readFound, textIn } from '../facts/look-up-answers.ts'
import { mapAtOnce } from '../facts/map-at-once.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import type { CopyParts } from './copy-version.ts'
import { tagsOf } from './source-version.ts'

/** A promotion that somebody asked for, and that is not completed. */
export interface Waiting {
  readonly rule: PromotionRule
  readonly model: string
  readonly version: string
  readonly request: PromotionRequest
}

/** Versions with a request: the tag has some value. */
const filter = printFilter([
  {
    entity: 'tags',
    key: promotionRequestTag,
    keyText: promotionRequestTag,
    comparator: 'LIKE',
    value: { kind: 'string', text: '%' },
  },
])

/** Versions of an environment that are looked at. */
const most = 1_000

type Parts = Pick<CopyParts, 'config' | 'upstream'>

async function waitingIn(
  { config, upstream }: Parts,
  rules: readonly PromotionRule[],
  from: string,
  credentials: CallerCredentials,
): Promise<readonly Waiting[]> {
  const caller = { ...credentials, environment: from }
  const find = async (query: Query) => readFound(await upstream.lookUp('/api/2.0/mlflow/model-versions/search', query, caller))
  const rows = await allPages(find, { filter, max_results: '200' }, 'model_versions', most)
  return objectsIn(rows ?? []).flatMap((row) => {
    const owned = ownerOf(config, 'model', textIn(row, 'name') ?? '')
    const request = readRequest(tagsOf(row).get(promotionRequestTag) ?? '')
    const rule = rules.find((each) => each.from === from && each.to === request?.to)
    if (owned?.owner.name !== from || request === null || rule === undefined) return []
    return [{ rule, model: owned.logical, version: textIn(row, 'version') ?? '', request }]
  })
}

/** What waits by these rules, the oldest first. Null: a workspace cannot be searched for tags of versions. */
export async function findWaiting(
  parts: Parts,
  rules: readonly PromotionRule[],
  credentials: CallerCredentials,
): Promise<readonly Waiting[] | null> {
  if (parts.upstream.kind === 'databricks') return null
  const sources = [...new Set(rules.map(({ from }) => from))]
  const found = await mapAtOnce(sources, (from) => waitingIn(parts, rules, from, credentials))
  return found.flat().sort((a, b) => (a.request.asked.at < b.request.asked.at ? -1 : 1))
}
