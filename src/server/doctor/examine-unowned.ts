import { isUnowned, listingsOf, listThings, type StoredThing } from '../adoption/stored-things.ts'
import type { Asker, Examination } from './asker.ts'
import { type Finding, findingsOf } from './finding.ts'

/** Pages of each list that are read. */
const pages = 25

/** Everything that is there, at most as much as is read; what cannot be listed is left out. */
async function list({ config, probe }: Examination, { authorization }: Asker): Promise<ReadonlyMap<string, StoredThing[]>> {
  const ask = async (path: string, query: Readonly<Record<string, string>>) => (await probe.get(path, query, authorization)).good
  const found = new Map<string, StoredThing[]>()
  for (const listing of listingsOf(config)) {
    const things = await listThings(ask, listing, pages)
    if (things !== null) found.set(listing.kind, [...(found.get(listing.kind) ?? []), ...things])
  }
  return found
}

/** What is there that no environment has: callers do not see it, and nothing else says so. */
export async function* checkUnowned(examination: Examination): AsyncGenerator<Finding> {
  const { config, anybody } = examination
  const { note, fine } = findingsOf(null)
  if (anybody === null) return
  for (const [kind, things] of await list(examination, anybody)) {
    const unowned = things.filter((thing) => isUnowned(config, thing))
    if (unowned.length === 0) {
      yield fine('owned', `Of the ${kind}s that are there, ${things.length} were checked: each belongs to an environment.`)
      continue
    }
    const shown = unowned.slice(0, 5).map(({ name }) => `'${name.slice(0, 100)}'`)
    const more = unowned.length > shown.length ? ` and ${unowned.length - shown.length} more` : ''
    yield note(
      'unowned',
      `${unowned.length} of ${things.length} ${kind}s belong to no environment, so that no caller sees them: ${shown.join(', ')}${more}.`,
    )
  }
}
