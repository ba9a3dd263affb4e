import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { pagesOf } from '../network/pages-of.ts'
import { unknownAnswer } from '../upstream/parse-answer.ts'
import { textIn } from './look-up-answers.ts'

/** The parameters of a look-up. */
export type Query = Readonly<Record<string, string>>

/** The rows of all pages, until there are enough; null if the upstream refuses. Throws if it refuses a later page. */
export async function allPages(
  find: (query: Query) => Promise<JsonObject | null>,
  query: Query,
  key: string,
  most = Number.POSITIVE_INFINITY,
): Promise<readonly Json[] | null> {
  let rows: Json[] | null = null
  const ask = (token: string) => find(token === '' ? query : { ...query, page_token: token })
  for await (const found of pagesOf(ask, (each) => textIn(each ?? undefined, 'next_page_token') ?? '')) {
    if (found === null) {
      if (rows === null) return null
      // A part of the rows would look like all of them.
      throw unknownAnswer()
    }
    rows ??= []
    const page = found.get(key)
    for (const row of Array.isArray(page) ? page : []) rows.push(row)
    if (rows.length >= most) break
  }
  return rows
}
