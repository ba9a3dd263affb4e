import type { ClientMode, ServerKind } from '../environments/environment.ts'
import { oncePer } from '../once-per.ts'
import type { ClosedEndpoint, OpenEndpoint } from './endpoint.ts'
import { type EndpointTable, endpointTable } from './endpoint-table.ts'
import { PathTree } from './path-tree.ts'

export type Found = { readonly open: OpenEndpoint } | { readonly closed: ClosedEndpoint }

/** The endpoints of a table by their methods and paths. What is open goes before what is closed. */
const treesOf = oncePer(({ open, closed }: EndpointTable): ReadonlyMap<string, PathTree<Found>> => {
  const trees = new Map<string, PathTree<Found>>()
  const add = ({ method, prefixes, path, multiSegment }: OpenEndpoint | ClosedEndpoint, found: Found, end = '') => {
    const tree = trees.get(method) ?? new PathTree<Found>()
    trees.set(method, tree)
    for (const prefix of prefixes) tree.add(`${prefix}${path}${end}`, multiSegment, found)
  }
  for (const endpoint of open.values()) {
    add(endpoint, { open: endpoint })
    if (endpoint.slashToo) add(endpoint, { open: endpoint }, '/')
  }
  for (const endpoint of closed) add(endpoint, { closed: endpoint })
  return trees
})

/** The row of the table for a path as clients write it, without `/env/<name>`; null for one that no MLflow server has. */
export function findEndpoint(method: string, path: string, kind: ServerKind = 'mlflow', mode: ClientMode = 'http'): Found | null {
  const trees = treesOf(endpointTable(kind, mode))
  // HEAD is accepted wherever GET is.
  const read = method === 'HEAD' ? trees.get('GET')?.find(path) : undefined
  return read ?? trees.get(method)?.find(path) ?? null
}
