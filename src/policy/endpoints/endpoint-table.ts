import type { ClientMode, ServerKind } from '../environments/environment.ts'
import { databricksRoutes } from '../generated/databricks-routes.ts'
import { describedVersions } from '../generated/messages.ts'
import { routes as openSourceRoutes } from '../generated/routes.ts'
import type { VersionRange } from '../messages/version-range.ts'
import { clientRoutes } from './client-routes.ts'
import type { ClosedEndpoint, EndpointRow, OpenEndpoint } from './endpoint.ts'
import type { Route } from './route.ts'
import { artifactEndpoints } from './rows/artifacts.ts'
import { catalogClosedFamilies } from './rows/catalog-closed.ts'
import { catalogModelEndpoints } from './rows/catalog-models.ts'
import { catalogRegistryEndpoints } from './rows/catalog-registry.ts'
import { type ClosedFamily, closedFamilies } from './rows/closed.ts'
import { databricksArtifactEndpoints } from './rows/databricks-artifacts.ts'
import { databricksClosedFamilies } from './rows/databricks-closed.ts'
import { databricksRegistryEndpoints } from './rows/databricks-registry.ts'
import { databricksServingEndpoints } from './rows/databricks-serving.ts'
import { datasetEndpoints } from './rows/datasets.ts'
import { experimentEndpoints } from './rows/experiments.ts'
import { gatewayEndpoints } from './rows/gateway.ts'
import { gatewayAdministrationEndpoints } from './rows/gateway-administration.ts'
import { genaiEndpoints } from './rows/genai.ts'
import { loggedModelEndpoints } from './rows/logged-models.ts'
import { modelVersionEndpoints } from './rows/model-versions.ts'
import { registeredModelEndpoints } from './rows/registered-models.ts'
import { runEndpoints } from './rows/runs.ts'
import { serverEndpoints } from './rows/server.ts'
import { traceEndpoints } from './rows/traces.ts'
import { uiEndpoints } from './rows/ui.ts'

const rows = {
  ...experimentEndpoints,
  ...runEndpoints,
  ...loggedModelEndpoints,
  ...registeredModelEndpoints,
  ...modelVersionEndpoints,
  ...traceEndpoints,
  ...artifactEndpoints,
  ...datasetEndpoints,
  ...genaiEndpoints,
  ...gatewayEndpoints,
  ...gatewayAdministrationEndpoints,
  ...serverEndpoints,
  ...uiEndpoints,
  ...databricksArtifactEndpoints,
  ...databricksRegistryEndpoints,
  ...catalogRegistryEndpoints,
  ...catalogModelEndpoints,
  ...databricksServingEndpoints,
} satisfies Record<string, EndpointRow>

/** Every endpoint of one kind of upstream. */
export interface EndpointTable {
  /** Those that may be forwarded, by name. */
  readonly open: ReadonlyMap<string, OpenEndpoint>
  /** Every other known route, refused with its reason. */
  readonly closed: readonly ClosedEndpoint[]
  /** Routes that nobody has classified: there must be none, and the contract test says which. */
  readonly unclassified: readonly Route[]
}

/** MLflow 1.x clients ask for the registry under `/preview`, which servers have dropped since: it means the same. */
const previewOf = ['/api/2.0', '/ajax-api/2.0']

function versionsIn(range: VersionRange | 'databricks'): readonly string[] {
  if (range === 'databricks') return [range]
  const first = range.since === undefined ? 0 : describedVersions.indexOf(range.since)
  const last = range.until === undefined ? describedVersions.length : describedVersions.indexOf(range.until) + 1
  return describedVersions.slice(first, last)
}

function versionsBelow({ prefixes }: Route, some: readonly string[]): readonly string[] {
  return [...new Set(some.flatMap((prefix) => prefixes[prefix] ?? []).flatMap(versionsIn))]
}

/** The route of a row. Where two versions of the API have one path, their messages tell them apart. */
function routeOf(row: EndpointRow, routes: readonly Route[]): Route | undefined {
  const known = routes.filter(({ method, path }) => method === row.method && path === row.path)
  return known.find(({ request }) => request === row.request) ?? known[0]
}

function join(name: string, row: EndpointRow, routes: readonly Route[]): OpenEndpoint {
  const route = routeOf(row, routes)
  if (route === undefined) throw new Error(`the endpoint table has ${name}, which no MLflow server registers`)
  const inApi = (prefix: string) => row.api === undefined || prefix.endsWith(`/${row.api}`)
  const known = Object.keys(route.prefixes).filter((prefix) => !prefix.endsWith('/preview') && inApi(prefix))
  const upstreamPrefix = known.find((prefix) => prefix.startsWith('/api/')) ?? known[0] ?? ''
  return {
    ...row,
    name,
    request: row.request ?? route.request ?? 'handmade.Empty',
    response: row.response ?? route.response ?? 'handmade.Empty',
    prefixes: [...known, ...previewOf.filter((prefix) => known.includes(prefix)).map((prefix) => `${prefix}/preview`)],
    upstreamPrefix,
    pathParams: [...row.path.matchAll(/\{([^{}]+)\}/g)].map((match) => match[1] ?? ''),
    multiSegment: route.multiSegment?.[0] ?? null,
    versions: versionsBelow(route, row.api === undefined ? Object.keys(route.prefixes) : known),
  }
}

/** Why a row's route is closed on a kind of upstream that the row does not have, unless a family says it better. */
const closedElsewhere = {
  closed: 'The proxy does not serve it with this kind of upstream.',
  hidden: true,
} satisfies Omit<ClosedFamily, 'paths'>

const rowAddresses = new Set(Object.values<EndpointRow>(rows).map(({ method, path }) => `${method} ${path}`))

function close(route: Route, families: readonly ClosedFamily[]): ClosedEndpoint | null {
  const isRow = rowAddresses.has(`${route.method.replace('HEAD', 'GET')} ${route.path}`)
  const family: Omit<ClosedFamily, 'paths'> | null =
    families.find(({ paths }) => paths.test(route.path)) ?? (isRow ? closedElsewhere : null)
  if (family === null) return null
  const { method, path } = route
  const multiSegment = route.multiSegment?.[0] ?? null
  const { closed, hidden = false, local = false } = family
  const prefixes = Object.keys(route.prefixes)
  return { method, path, prefixes, multiSegment, versions: versionsBelow(route, prefixes), closed, hidden, local }
}

/** The part of a route that is not open: the prefixes below which it is closed, or nothing if it is open below all. */
function withoutPrefixes(route: Route, isOpen: (prefix: string) => boolean): Route[] {
  const left = Object.entries(route.prefixes).filter(([prefix]) => !isOpen(prefix))
  return left.length === 0 ? [] : [{ ...route, prefixes: Object.fromEntries(left) }]
}

function makeTable(
  kind: ServerKind,
  mode: ClientMode,
  routes: readonly Route[],
  families: readonly ClosedFamily[],
): EndpointTable {
  const isServed = ({ upstreams, modes }: EndpointRow) => upstreams.includes(kind) && (modes?.includes(mode) ?? true)
  const served = Object.entries<EndpointRow>(rows).filter(([, row]) => isServed(row))
  const open = new Map(served.map(([name, row]) => [name, join(name, row, routes)]))
  const addresses = new Set(
    [...open.values()].flatMap(({ method, path, prefixes }) => prefixes.map((prefix) => `${method} ${prefix}${path}`)),
  )
  const others = routes.flatMap((route) =>
    // HEAD is accepted wherever GET is.
    withoutPrefixes(route, (prefix) => addresses.has(`${route.method.replace('HEAD', 'GET')} ${prefix}${route.path}`)),
  )
  return {
    open,
    closed: others.flatMap((route) => close(route, families) ?? []),
    unclassified: others.filter((route) => close(route, families) === null),
  }
}

const openSource = makeTable('mlflow', 'http', openSourceRoutes, closedFamilies)
const workspaceRoutes = [...openSourceRoutes, ...databricksRoutes, ...clientRoutes]
const workspaceFamilies = [...databricksClosedFamilies, ...closedFamilies]

/** By kind of upstream and mode of clients, made when it is first asked for: a proxy needs one or two of them. */
const tables = new Map<string, EndpointTable>()

/** The table of what one kind of upstream serves, as clients of one mode find it. Only a workspace has clients that take the proxy for one. */
export function endpointTable(kind: ServerKind = 'mlflow', mode: ClientMode = 'http'): EndpointTable {
  if (kind === 'mlflow') return openSource
  const key = `${kind} ${mode}`
  const known = tables.get(key)
  if (known !== undefined) return known
  const families = kind === 'unityCatalog' ? [...catalogClosedFamilies, ...workspaceFamilies] : workspaceFamilies
  const made = makeTable(kind, mode, workspaceRoutes, families)
  tables.set(key, made)
  return made
}

/** Everything that is open to clients of either mode, for documentation; closed is what is open to neither. */
export function tableOfAllModes(kind: ServerKind): Pick<EndpointTable, 'open' | 'closed'> {
  if (kind === 'mlflow') return openSource
  const [http, databricks] = [endpointTable(kind, 'http'), endpointTable(kind, 'databricks')]
  const said = new Set(databricks.closed.map(({ method, path }) => `${method} ${path}`))
  return {
    open: new Map([...http.open, ...databricks.open]),
    closed: http.closed.filter(({ method, path }) => said.has(`${method} ${path}`)),
  }
}

/** The table of an open-source MLflow server. */
export const { open: openEndpoints, closed: closedEndpoints, unclassified: unclassifiedRoutes } = openSource
