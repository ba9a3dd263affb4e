import type { Environment, PolicyConfig } from '../environments/environment.ts'
import { ownerOf, resolveName } from '../names/names.ts'
import { Refusal } from '../reasons.ts'

type Here = { readonly config: PolicyConfig; readonly environment: Environment }

/** Whether the configuration lets callers of the environment query this serving endpoint of the whole workspace. */
export function isSharedEndpoint({ sharedServingEndpoints = [] }: Environment, name: string): boolean {
  return sharedServingEndpoints.includes(name)
}

/** What the workspace calls a serving endpoint that a caller names: a shared one as it is. Throws as `resolveName`. */
export function upstreamEndpointName({ config, environment }: Here, name: string): string {
  return isSharedEndpoint(environment, name) ? name : resolveName(config, environment, 'endpoint', name).upstream
}

/** What a caller calls a serving endpoint of the workspace; null where they may not see it. */
export function showEndpointName({ config, environment }: Here, stored: string): string | null {
  if (isSharedEndpoint(environment, stored)) return stored
  const owned = ownerOf(config, 'endpoint', stored)
  if (owned?.owner.name !== environment.name) return null
  // The plain name means the shared one.
  return isSharedEndpoint(environment, owned.logical) ? stored : owned.logical
}

/** Whether this is the full name of a model in a schema of Unity Catalog whose models callers of the environment may serve. Case does not count there. */
export function isOfferedModel({ servingModels }: Environment, name: string): boolean {
  const [, schema = ''] = /^([A-Za-z0-9_-]{1,255}\.[A-Za-z0-9_-]{1,255})\.[A-Za-z0-9_-]{1,255}$/.exec(name) ?? []
  return servingModels?.schemas.includes(schema.toLowerCase()) === true
}

/** Whether a value is a reference to a secret in one of the environment's own scopes, and nothing else. */
export function isOwnSecret({ servingSecretScopes = [] }: Environment, value: string): boolean {
  const scope = /^\{\{secrets\/([A-Za-z0-9_.@-]{1,128})\/[A-Za-z0-9_.@-]{1,128}\}\}$/.exec(value)?.[1]
  return scope !== undefined && servingSecretScopes.includes(scope)
}

/** The refusal of what a serving endpoint may not be made of. */
export function refuseServing(sentence: string): Refusal {
  return new Refusal('foreign-source', sentence)
}
