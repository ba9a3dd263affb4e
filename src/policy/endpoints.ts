import type { ClosedEndpoint, EndpointRow, OpenEndpoint } from './endpoint.ts'
import { artifactEndpoints } from './endpoints/artifacts.ts'
import { closedFamilies } from './endpoints/closed.ts'
import { experimentEndpoints } from './endpoints/experiments.ts'
import { loggedModelEndpoints } from './endpoints/logged-models.ts'
import { modelVersionEndpoints } from './endpoints/model-versions.ts'
import { registeredModelEndpoints } from './endpoints/registered-models.ts'
import { runEndpoints } from './endpoints/runs.ts'
import { serverEndpoints } from './endpoints/server.ts'
import { routes } from './generated/routes.ts'
import type { Route } from './route.ts'

const rows = {
  ...experimentEndpoints,
  ...runEndpoints,
  ...loggedModelEndpoints,
  ...registeredModelEndpoints,
  ...modelVersionEndpoints,
  ...artifactEndpoints,
  ...serverEndpoints,
} satisfies Record<string, EndpointRow>

export type EndpointName = keyof typeof rows

/** MLflow 1.x clients ask for the registry under `/preview`, which servers have dropped since: it means the same. */
const previewOf = ['/api/2.0', '/ajax-api/2.0']

function versionsOf(route: Route): readonly string[] {
  return [...new Set(Object.values(route.prefixes).flat())]
}

function join(name: string, row: EndpointRow): OpenEndpoint {
  const route = routes.find((known) => known.method === row.method && known.path === row.path)
  if (route === undefined) throw new Error(`the endpoint table has ${name}, which no MLflow server registers`)
  const known = Object.keys(route.prefixes).filter((prefix) => !prefix.endsWith('/preview'))
  const upstreamPrefix = known.find((prefix) => prefix.startsWith('/api/')) ?? known[0] ?? ''
  return {
    ...row,
    name,
    request: row.request ?? route.request ?? 'handmade.Empty',
    response: row.response ?? route.response ?? 'handmade.Empty',
    prefixes: [...known, ...previewOf.filter((prefix) => known.includes(prefix)).map((prefix) => `${prefix}/preview`)],
    upstreamPrefix,
    pathParams: [...row.path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1] ?? ''),
    multiSegment: route.multiSegment?.[0] ?? null,
    versions: versionsOf(route),
  }
}

/** Every endpoint that may be forwarded, by name. */
export const openEndpoints: ReadonlyMap<string, OpenEndpoint> = new Map(
  Object.entries(rows).map(([name, row]) => [name, join(name, row)]),
)

function close(route: Route): ClosedEndpoint | null {
  const family = closedFamilies.find(({ paths }) => paths.test(route.path))
  if (family === undefined) return null
  const { method, path } = route
  const multiSegment = route.multiSegment?.[0] ?? null
  const { closed, hidden = false, local = false } = family
  return { method, path, prefixes: Object.keys(route.prefixes), multiSegment, versions: versionsOf(route), closed, hidden, local }
}

const openAddresses = new Set([...openEndpoints.values()].map(({ method, path }) => `${method} ${path}`))
const others = routes.filter((route) => !openAddresses.has(`${route.method} ${route.path}`))

/** Every other route that a described MLflow server registers, refused with its reason. */
export const closedEndpoints: readonly ClosedEndpoint[] = others.flatMap((route) => close(route) ?? [])

/** Routes that nobody has classified: there must be none, and the contract test says which. */
export const unclassifiedRoutes: readonly Route[] = others.filter((route) => close(route) === null)
