import { type Landscape, usesCatalog } from './environment.ts'
import { foldWidth } from './fold.ts'
import type { VersionFact } from './questions.ts'

/** The alias that is kept for production environments wherever there are aliases. */
const production = 'production'

/** The one spelling of an alias: servers that fold case take another for the same. */
export function plainAlias(alias: string): string {
  return foldWidth(alias).trim().toLowerCase()
}

/** The aliases that only callers of a production environment set, move or delete, each in its plain spelling. */
export function protectedAliases(landscape: Landscape): ReadonlySet<string> {
  const theirs = usesCatalog(landscape)
    ? landscape.environments.flatMap((each) => (each.production ? (each.registrationAlias ?? []) : []))
    : []
  return new Set([production, ...theirs.map(plainAlias)])
}

/** Whether a version is in production: by its stage, or, in Unity Catalog, by a protected alias. */
export function isInProduction(landscape: Landscape, { stage, aliases = [] }: Pick<VersionFact, 'stage' | 'aliases'>): boolean {
  if (!usesCatalog(landscape)) return stage === 'Production'
  const kept = protectedAliases(landscape)
  return aliases.some((alias) => kept.has(plainAlias(alias)))
}
