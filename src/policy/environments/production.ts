import type { VersionFact } from '../fact-query.ts'
import { findsWord } from '../names/look-alikes.ts'
import { type Landscape, usesCatalog } from './environment.ts'

/** The alias that is kept for production environments wherever there are aliases. */
const production = 'production'

/** The aliases that only callers of a production environment set, move or delete, in lower case. */
export function protectedAliases(landscape: Landscape): ReadonlySet<string> {
  const theirs = usesCatalog(landscape)
    ? landscape.environments.flatMap((each) => (each.production ? (each.registrationAlias ?? []) : []))
    : []
  return new Set([production, ...theirs.map((alias) => alias.toLowerCase())])
}

/** The protected alias that a server's database may take an alias for; null where there is none. */
export function keptAlias(landscape: Landscape, alias: string): string | null {
  return findsWord([...protectedAliases(landscape)])(alias)
}

/** Whether a version is in production: by its stage, or, in Unity Catalog, by a protected alias. */
export function isInProduction(landscape: Landscape, { stage, aliases = [] }: Pick<VersionFact, 'stage' | 'aliases'>): boolean {
  if (!usesCatalog(landscape)) return stage === 'Production'
  return aliases.some((alias) => keptAlias(landscape, alias) !== null)
}
