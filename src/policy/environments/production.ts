import type { VersionFact } from '../fact-query.ts'
import { findsWord } from '../names/look-alikes.ts'
import { type PolicyConfig, usesCatalog } from './environment.ts'

/** The alias that is kept for production environments wherever there are aliases. */
const production = 'production'

/** The aliases that only callers of a production environment set, move or delete, in lower case. */
export function protectedAliases(config: PolicyConfig): ReadonlySet<string> {
  const theirs = usesCatalog(config)
    ? config.environments.flatMap((each) => (each.production ? (each.registrationAlias ?? []) : []))
    : []
  return new Set([production, ...theirs.map((alias) => alias.toLowerCase())])
}

/** The protected alias that a server's database may take an alias for; null where there is none. */
export function keptAlias(config: PolicyConfig, alias: string): string | null {
  return findsWord([...protectedAliases(config)])(alias)
}

/** Whether a version is in production: by its stage, or, in Unity Catalog, by a protected alias. */
export function isInProduction(config: PolicyConfig, { stage, aliases = [] }: Pick<VersionFact, 'stage' | 'aliases'>): boolean {
  if (!usesCatalog(config)) return stage === 'Production'
  return aliases.some((alias) => keptAlias(config, alias) !== null)
}
