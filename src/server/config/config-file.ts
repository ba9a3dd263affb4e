import type { ModelRegistry, ServingLimits, ServingModels, UpstreamKind } from '../../policy/environments/environment.ts'
import type { PromotionRule } from '../../policy/promotions/promotion-rule.ts'
import type { AuditEntry } from './config-audit.ts'
import type { LoginEntry } from './config-login.ts'
import { movePlaces, type Places, pathId } from './config-places.ts'
import type { Config } from './config-types.ts'
import type { IssuerEntry } from './issuer-entry.ts'
import type { KeyPairFiles } from './key-pair.ts'
import type { LimitSettings } from './limit-settings.ts'
import { isMapping, type Mapping, setOwn } from './mapping.ts'
import type { TracingSettings } from './tracing-settings.ts'
import type { Rates } from './upstream-rates.ts'

/** Credentials for the upstream as written; the schema sees to it that each mode has what it needs, and nothing else. */
export interface CredentialsEntry {
  readonly mode: 'none' | 'passthrough' | 'token' | 'basic' | 'servicePrincipal' | 'workloadIdentity' | 'onBehalfOf'
  readonly issuer?: 'entra' | 'databricks'
  readonly file?: string
  readonly username?: string
  readonly passwordFile?: string
  readonly tenantId?: string
  readonly clientId?: string
  readonly clientSecretFile?: string
  readonly certificateFile?: string
  readonly tokenFile?: string
  readonly scope?: string
}

/** The file's content once the schema holds and its defaults are filled in. */
export interface ConfigFile {
  readonly listen: Config['listen']
  readonly admin: Config['admin']
  readonly databricksHost?: {
    readonly listen?: { readonly host: string; readonly port: number }
    readonly hostNames: readonly { readonly name: string; readonly environment?: string }[]
  }
  readonly upstream: {
    readonly url: string
    readonly kind: UpstreamKind
    readonly registry: ModelRegistry
    readonly credentials: CredentialsEntry
    readonly rates: Rates
    readonly workers?: number
    readonly clientCertificate?: KeyPairFiles
    readonly timeouts: {
      readonly connectSeconds: number
      readonly answerSeconds: number
      readonly downloadSeconds: number
      readonly uploadSeconds: number
      readonly modelSeconds: number
      readonly pauseSeconds: number
    }
    readonly storageHosts: readonly string[]
    readonly foldsCase: boolean
  }
  readonly tls: { readonly caFile: string | null }
  readonly tracing?: TracingSettings
  readonly authentication: {
    readonly mode: 'bearer' | 'sidecar'
    readonly identity?: CredentialsEntry
    readonly entra?: {
      readonly tenantId: string
      readonly audiences: readonly string[]
      readonly authority: string
      readonly guests: 'refuse' | 'accept'
    }
    readonly issuers: readonly IssuerEntry[]
    readonly databricksTokens: boolean
    readonly requiredGroups: readonly string[]
    readonly directory?: 'none' | 'databricks' | 'graph'
    readonly graph?: { readonly url: string; readonly credentials?: CredentialsEntry }
    readonly login?: LoginEntry
  }
  readonly environments: Readonly<Record<string, EnvironmentEntry>>
  readonly promotions: readonly PromotionRule[]
  readonly workers: number
  readonly limits: Omit<LimitSettings, 'memory'> & { readonly memory?: number | string }
  readonly paging: { readonly keyFile: string | null }
  readonly unknownFields: 'refuse' | 'forward'
  readonly shutdown: { readonly drainSeconds: number; readonly finishSeconds: number }
  readonly trustedProxies: readonly string[]
  readonly audit: AuditEntry
  readonly reload: { readonly watchSeconds: number }
  readonly adoption: { readonly countAtStart: boolean }
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' }
}

/** One environment as written; what is absent depends on its name and on `production`. */
export interface EnvironmentEntry {
  readonly groups?: readonly string[]
  readonly readers: readonly string[]
  readonly administrators: readonly string[]
  readonly modelSuffix?: string
  readonly unityCatalogSchema?: string
  readonly registrationAlias?: string
  readonly experimentRoot?: string
  readonly production: boolean
  readonly enforcement: 'enforce' | 'shadow'
  readonly registrationStage?: 'Staging' | 'Production' | 'none'
  readonly promotesFrom: readonly string[]
  readonly sourcePrefixes: readonly string[]
  readonly sharedServingEndpoints: readonly string[]
  readonly servingSecretScopes: readonly string[]
  readonly servingModels?: ServingModels
  readonly servingLimits?: ServingLimits
  readonly credentials?: CredentialsEntry
  readonly gateway: boolean
  readonly gatewayHosts: readonly string[]
  readonly workspace?: string
}

/** Turns `environments: [acc]` into `environments: { acc: {} }`, and `acc:` with nothing after it into `acc: {}`. */
export function spreadEnvironments(data: Mapping, places: Places): void {
  const { environments } = data
  if (isMapping(environments)) {
    for (const [name, entry] of Object.entries(environments)) if (entry === null) setOwn(environments, name, {})
    return
  }
  if (!Array.isArray(environments) || environments.length === 0) return
  const names = environments.filter((name) => typeof name === 'string')
  if (names.length < environments.length || new Set(names).size < names.length) return
  const spread: Mapping = {}
  for (const [index, name] of names.entries()) {
    const place = places.values.get(pathId(['environments', index]))
    setOwn(spread, name, {})
    if (place !== undefined) movePlaces(places, ['environments', name], place)
  }
  data.environments = spread
}
