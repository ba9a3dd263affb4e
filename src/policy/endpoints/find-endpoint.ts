import type { ClientMode, ServerKind } from '../environments/environment.ts'
import type { ClosedEndpoint, OpenEndpoint } from './endpoint.ts'
import { endpointTable } from './endpoint-table.ts'

export type Found = { readonly open: OpenEndpoint } | { readonly closed: ClosedEndpoint }

const patterns = new WeakMap<object, RegExp>()

function patternOf(endpoint: OpenEndpoint | ClosedEndpoint): RegExp {
  const known = patterns.get(endpoint)
  if (known !== undefined) return known
  const pattern = endpoint.path
    .split(/(\{[^{}]+\})/)
    .map((part) => {
      if (!part.startsWith('{')) return part.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
      return part === `{${endpoint.multiSegment}}` ? '.+' : '[^/]+'
    })
    .join('')
  const end = 'slashToo' in endpoint && endpoint.slashToo ? '/?' : ''
  const whole = new RegExp(`^${pattern}${end}$`)
  patterns.set(endpoint, whole)
  return whole
}

function fits(endpoint: OpenEndpoint | ClosedEndpoint, method: string, path: string): boolean {
  if (endpoint.method !== method) return false
  const whole = patternOf(endpoint)
  return endpoint.prefixes.some((prefix) => path.startsWith(prefix) && whole.test(path.slice(prefix.length)))
}

/** The row of the table for a path as clients write it, without `/env/<name>`; null for one that no MLflow server has. */
export function findEndpoint(method: string, path: string, kind: ServerKind = 'mlflow', mode: ClientMode = 'http'): Found | null {
  const table = endpointTable(kind, mode)
  // HEAD is accepted wherever GET is.
  const asked = method === 'HEAD' ? 'GET' : method
  const open = [...table.open.values()].find((endpoint) => fits(endpoint, asked, path))
  if (open !== undefined) return { open }
  const closed = table.closed.find((endpoint) => fits(endpoint, method, path))
  return closed === undefined ? null : { closed }
}
