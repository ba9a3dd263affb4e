import { type Environment, type PolicyConfig, usesCatalog } from '../../policy/environments/environment.ts'
import { findEnvironmentProblems } from '../../policy/environments/environment-problems.ts'
import { readSourcePrefix } from '../../policy/locations/source-prefix.ts'
import type { ConfigFile, EnvironmentEntry } from './config-file.ts'
import { type ConfigPath, type Finding, isWithin } from './config-problem.ts'
import { readPromotions } from './config-promotions.ts'
import { clip } from './config-sentences.ts'

/** The environments that the file means, every default filled in, with what is wrong with them. */
export function readLandscape(file: ConfigFile, replaced: readonly ConfigPath[]): { config: PolicyConfig; findings: Finding[] } {
  const { foldsCase, kind, registry } = file.upstream
  const findings: Finding[] = []
  if (registry === 'unityCatalog' && kind !== 'databricks') {
    const message = '`unityCatalog` is only for a Databricks workspace; write kind: databricks, or leave it out'
    findings.push({ path: ['upstream', 'registry'], message })
  }
  const inCatalog = usesCatalog({ kind, registry })
  const environments = Object.entries(file.environments).map(([name, entry]) => ({
    ...readEnvironment(name, entry, findings),
    ...readCatalogKeys(name, entry, inCatalog, findings),
  }))
  const { requiredGroups } = file.authentication
  const required = requiredGroups.length === 0 ? {} : { requiredGroups: [...requiredGroups] }
  const promotions = readPromotions(file, findings)
  const config = { environments, ...promotions, ...required, foldsCase, kind, registry, ownHosts: ownHostsOf(file) }
  const standIn = (path: ConfigPath) => replaced.some((place) => isWithin(path, place))
  for (const { environment, key, index, against, message } of findEnvironmentProblems(config)) {
    const path = ['environments', environment, key, ...(index === null ? [] : [index])]
    if (against === null || !standIn(['environments', against, key])) findings.push({ path, message })
  }
  return { config, findings }
}

/** Where the upstream and the proxy are reached: no caller may send the upstream there. */
function ownHostsOf({ upstream, listen, admin, databricksHost }: ConfigFile): string[] {
  const { protocol, hostname, port } = URL.canParse(upstream.url) ? new URL(upstream.url) : new URL('http://invalid')
  const ports = [listen, admin, ...(databricksHost?.listen === undefined ? [] : [databricksHost.listen])]
  return [
    `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`,
    ...ports.map((each) => `${each.host.includes(':') ? `[${each.host}]` : each.host}:${each.port}`.toLowerCase()),
    ...(databricksHost?.hostNames ?? []).map(({ name }) => `${name}:443`),
  ]
}

/** What an environment has in Unity Catalog, where it has no stages. */
function readCatalogKeys(
  name: string,
  { production, unityCatalogSchema, registrationAlias, registrationStage }: EnvironmentEntry,
  inCatalog: boolean,
  findings: Finding[],
): Partial<Environment> {
  const schema = unityCatalogSchema === undefined ? {} : { unityCatalogSchema }
  if (!inCatalog) return { ...schema, ...(registrationAlias === undefined ? {} : { registrationAlias }) }
  if (registrationStage !== undefined) {
    const message = 'is only for `upstream.registry: workspace`; Unity Catalog has aliases: use registrationAlias instead'
    findings.push({ path: ['environments', name, 'registrationStage'], message })
  }
  const alias = registrationAlias ?? (production ? 'production' : 'staging')
  return { ...schema, registrationAlias: alias === 'none' ? null : alias, registrationStage: null }
}

function readEnvironment(name: string, entry: EnvironmentEntry, findings: Finding[]): Environment {
  const stage = entry.registrationStage ?? (entry.production ? 'Production' : 'Staging')
  return {
    name,
    ...(entry.enforcement === 'shadow' ? { enforcement: 'shadow' as const } : {}),
    production: entry.production,
    groups: [...(entry.groups ?? [`apps_${name}`])],
    ...(entry.readers.length === 0 ? {} : { readers: [...entry.readers] }),
    administrators: [...entry.administrators],
    modelSuffix: entry.modelSuffix ?? `_${name}`,
    experimentRoot: entry.experimentRoot ?? `/experiments/${name}`,
    registrationStage: stage === 'none' ? null : stage,
    promotesFrom: [...entry.promotesFrom],
    gateway: entry.gateway,
    gatewayHosts: [...entry.gatewayHosts],
    ...(entry.workspace === undefined ? {} : { workspace: entry.workspace }),
    sourcePrefixes: entry.sourcePrefixes.map((text, index) => {
      const read = readSourcePrefix(text)
      if (read.ok) return read.prefix
      findings.push({ path: ['environments', name, 'sourcePrefixes', index], message: `\`${clip(text)}\` ${read.message}` })
      return `invalid:${name}:${index}/`
    }),
    sharedServingEndpoints: [...entry.sharedServingEndpoints],
    servingSecretScopes: [...entry.servingSecretScopes],
    ...(entry.servingModels === undefined ? {} : { servingModels: entry.servingModels }),
    ...(entry.servingLimits === undefined ? {} : { servingLimits: entry.servingLimits }),
  }
}
