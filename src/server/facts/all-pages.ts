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
  const rows: Json[] = []
  const first = await find(query)
  if (first === null) return null
  const ask = async (token: string) => {
    const found = token === '' ? first : await find({ ...query, page_token: token })
    // A part of the rows would look like all of them.
    if (found === null) throw unknownAnswer()
    return found
  }
  for await (const found of pagesOf(ask, (each) => textIn(each, 'next_page_token') ?? '')) {
    const page = found.get(key)
    for (const row of Array.isArray(page) ? page : []) rows.push(row)
    if (rows.length >= most) break
  }
  return rows
}
