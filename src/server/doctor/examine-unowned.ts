import { ownerOf } from '../../policy/names/names.ts'
import type { Asker, Examination } from './asker.ts'
import { type Finding, findingsOf } from './finding.ts'
import { objectsIn, textIn } from './probe.ts'

/** Rows of a page, and how many pages of each kind are read. */
const page = { rows: 200, most: 25 } as const

/** What is listed, by the names that MLflow has for it. */
const kinds = [
  { kind: 'model', path: 'registered-models/search', rows: 'registered_models' },
  { kind: 'experiment', path: 'experiments/search', rows: 'experiments' },
] as const

/** Each server has this experiment, whether anybody uses it or not. */
const everywhere = 'Default'

/** Names of a kind that are there, at most as many as are read; null where they cannot be listed. */
async function list(
  { probe }: Examination,
  { path, rows }: (typeof kinds)[number],
  { authorization }: Asker,
): Promise<readonly string[] | null> {
  const names: string[] = []
  let token: string | null = null
  for (let read = 0; read < page.most; read++) {
    const query = { max_results: String(page.rows), ...(token === null ? {} : { page_token: token }) }
    const { good } = await probe.get(`/api/2.0/mlflow/${path}`, query, authorization)
    if (good === null) return null
    names.push(...objectsIn(good, rows).flatMap((row) => textIn(row, 'name') ?? []))
    token = textIn(good, 'next_page_token')
    if (token === null) break
  }
  return names
}

/** What is there that no environment has: callers do not see it, and nothing else says so. */
export async function* checkUnowned(examination: Examination): AsyncGenerator<Finding> {
  const { config, anybody } = examination
  const { note, fine } = findingsOf(null)
  if (anybody === null) return
  for (const each of kinds) {
    const names = await list(examination, each, anybody)
    if (names === null) continue
    const unowned = names.filter((name) => name !== everywhere && ownerOf(config, each.kind, name) === null)
    if (unowned.length === 0) {
      yield fine('owned', `Of the ${each.kind}s that are there, ${names.length} were checked: each belongs to an environment.`)
      continue
    }
    const shown = unowned.slice(0, 5).map((name) => `'${name.slice(0, 100)}'`)
    const more = unowned.length > shown.length ? ` and ${unowned.length - shown.length} more` : ''
    yield note(
      'unowned',
      `${unowned.length} of ${names.length} ${each.kind}s belong to no environment, so that no caller sees them: ${shown.join(', ')}${more}.`,
    )
  }
}
