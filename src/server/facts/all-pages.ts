import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
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
  let token: string | null = null
  do {
    const found: JsonObject | null = await find(token === null ? query : { ...query, page_token: token })
    if (found === null && token === null) return null
    // A part of the rows would look like all of them.
    if (found === null) throw unknownAnswer()
    const page = found.get(key)
    for (const row of Array.isArray(page) ? page : []) rows.push(row)
    token = textIn(found, 'next_page_token')
  } while (token !== null && rows.length < most)
  return rows
}
