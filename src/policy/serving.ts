import type { Environment, Landscape } from './environment.ts'
import { ownerOf, resolveName } from './names.ts'

type Here = { readonly landscape: Landscape; readonly environment: Environment }

/** Whether the configuration lets callers of the environment query this serving endpoint of the whole workspace. */
export function isSharedEndpoint({ sharedServingEndpoints = [] }: Environment, name: string): boolean {
  return sharedServingEndpoints.includes(name)
}

/** What the workspace calls a serving endpoint that a caller names: a shared one as it is. Throws as `resolveName`. */
export function upstreamEndpointName({ landscape, environment }: Here, name: string): string {
  return isSharedEndpoint(environment, name) ? name : resolveName(landscape, environment, 'endpoint', name).upstream
}

/** What a caller calls a serving endpoint of the workspace; null where they may not see it. */
export function showEndpointName({ landscape, environment }: Here, stored: string): string | null {
  if (isSharedEndpoint(environment, stored)) return stored
  const owned = ownerOf(landscape, 'endpoint', stored)
  if (owned?.owner.name !== environment.name) return null
  // The plain name means the shared one.
  return isSharedEndpoint(environment, owned.logical) ? stored : owned.logical
}
