import type { ClosedEndpoint, OpenEndpoint } from './endpoint.ts'
import { closedEndpoints, openEndpoints } from './endpoints.ts'

export type Found = { readonly open: OpenEndpoint } | { readonly closed: ClosedEndpoint }

function fits(endpoint: OpenEndpoint | ClosedEndpoint, method: string, path: string): boolean {
  if (endpoint.method !== method) return false
  const pattern = endpoint.path
    .split(/(\{[^}]+\})/)
    .map((part) => {
      if (!part.startsWith('{')) return part.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
      return part === `{${endpoint.multiSegment}}` ? '.+' : '[^/]+'
    })
    .join('')
  return endpoint.prefixes.some((prefix) => path.startsWith(prefix) && new RegExp(`^${pattern}$`).test(path.slice(prefix.length)))
}

/** The row of the table for a path as clients write it, without `/env/<name>`; null for one that no MLflow server has. */
export function findEndpoint(method: string, path: string): Found | null {
  const open = [...openEndpoints.values()].find((endpoint) => fits(endpoint, method, path))
  if (open !== undefined) return { open }
  const closed = closedEndpoints.find((endpoint) => fits(endpoint, method, path))
  return closed === undefined ? null : { closed }
}
