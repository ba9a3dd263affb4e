import type { Config } from '../config/config-types.ts'
import { type Ask, type Listing, listThings, type StoredThing } from './stored-things.ts'

/** A thing with the environment by which it was listed. */
export interface ListedThing extends StoredThing {
  readonly place: string
}

/** The workspace of an MLflow 3 server that an environment is; '' where it is none. */
export function workspaceOf({ environments }: Pick<Config, 'environments'>, environment: string): string {
  return environments.find(({ name }) => name === environment)?.workspace ?? ''
}

/** Environments, one for each workspace and for each identity, as what MLflow lists depends on both. */
export function placesOf(config: Pick<Config, 'environments' | 'upstream'>): readonly string[] {
  const { credentials, credentialsOf = {} } = config.upstream
  const asks = (name: string) => JSON.stringify([workspaceOf(config, name), credentialsOf[name] ?? credentials])
  const names = config.environments.map(({ name }) => name)
  return names.filter((name, at) => names.findIndex((other) => asks(other) === asks(name)) === at)
}

/** Everything that is listed in some places, each thing once, and which lists MLflow did not show. `pages`: how many of each list are read. */
export async function listEverywhere(
  config: Pick<Config, 'environments'>,
  places: readonly string[],
  listings: readonly Listing[],
  askIn: (place: string) => Ask,
  pages: number,
): Promise<{ readonly things: readonly ListedThing[]; readonly unseen: readonly Listing[] }> {
  const found = new Map<string, ListedThing>()
  const unseen: Listing[] = []
  for (const place of places) {
    for (const listing of listings) {
      const things = await listThings(askIn(place), listing, pages)
      if (things === null) unseen.push(listing)
      for (const thing of things ?? []) {
        const key = JSON.stringify([workspaceOf(config, place), thing.kind, thing.id, thing.name])
        if (!found.has(key)) found.set(key, { ...thing, place })
      }
    }
  }
  return { things: [...found.values()], unseen }
}
