import type { ClosedEndpoint, OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { tableOfAllModes } from '../../src/policy/endpoints/endpoint-table.ts'
import type { UpstreamKind } from '../../src/policy/environments/environment.ts'
import { describedVersions } from '../../src/policy/generated/messages.ts'

/** A text as the cell of a table. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** The prefixes of a path; the usual four of an API version are written as the plain one and a star. */
export function prefixesText(prefixes: readonly string[]): string {
  const base = prefixes.find((prefix) => /^\/api\/[\d.]+$/.test(prefix))
  const usual =
    base === undefined ? [] : [base, `/ajax-api${base.slice(4)}`, `${base}/preview`, `/ajax-api${base.slice(4)}/preview`]
  const isUsual = base !== undefined && usual.every((prefix) => prefixes.includes(prefix))
  const rest = prefixes.filter((prefix) => prefix !== '' && !(isUsual && usual.includes(prefix))).sort()
  return [...(isUsual ? [`\`${base}\`\\*`] : []), ...rest.map((prefix) => `\`${prefix}\``)].join(' ')
}

/** The MLflow versions that have a route. */
export function versionsText(versions: readonly string[]): string {
  if (versions.join() === 'databricks') return '–'
  const [first, last] = [versions[0], versions.at(-1)]
  if (first === undefined) return '–'
  if (last === describedVersions.at(-1)) return first === describedVersions[0] ? 'all' : `since ${first}`
  if (first === last) return first
  return first === describedVersions[0] ? `until ${last}` : `${first} to ${last}`
}

function closedTable(endpoints: readonly ClosedEndpoint[]): string {
  const rows = endpoints.map(({ method, path, prefixes, versions }) => {
    return `| \`${cell(`${method} ${path}`)}\` | ${prefixesText(prefixes)} | ${versionsText(versions)} |`
  })
  return ['| method and path | below | MLflow |', '|---|---|---|', ...rows].join('\n')
}

/** Closed routes, grouped by reason. */
export function closedSections(closedEndpoints: readonly ClosedEndpoint[]): string {
  const reasons = [...new Set(closedEndpoints.map(({ closed }) => closed))]
  return reasons
    .map((reason) => {
      const endpoints = closedEndpoints.filter(({ closed }) => closed === reason)
      const hidden = endpoints.some((endpoint) => endpoint.hidden)
      const local = endpoints.some((endpoint) => endpoint.local)
      const answer = local ? '' : hidden ? ' Answered with 404 `ENDPOINT_NOT_FOUND`.' : ' Answered with 403 `PERMISSION_DENIED`.'
      return `### ${reason}\n\n${endpoints.length} routes.${answer}\n\n${closedTable(endpoints)}`
    })
    .join('\n\n')
}

/** The table of an upstream as a page shows it. A workspace's two tables, one for each model registry, are combined. */
export interface ShownTable {
  /** Endpoints that are open with either registry, and with which if not with both. */
  readonly open: readonly { readonly endpoint: OpenEndpoint; readonly only: string | null }[]
  /** Endpoints that are closed with both registries, for the same reason. */
  readonly closed: readonly ClosedEndpoint[]
  /** One row for each address that is open with one registry only, or closed for different reasons. */
  readonly divided: readonly string[]
  readonly counts: readonly { readonly open: number; readonly closed: number }[]
}

const addressOf = ({ method, path }: ClosedEndpoint | OpenEndpoint) => `${method} ${path}`

function dividedRow(address: string, closed: readonly (ClosedEndpoint | undefined)[]): string {
  const known = closed.find((each) => each !== undefined)
  const cells = [`\`${address}\``, prefixesText(known?.prefixes ?? []), ...closed.map((each) => each?.closed ?? 'open')]
  return `| ${cells.map(cell).join(' | ')} | ${versionsText(known?.versions ?? [])} |`
}

function showWorkspace(): ShownTable {
  const tables = [tableOfAllModes('databricks'), tableOfAllModes('unityCatalog')] as const
  const [own, catalog] = tables
  const open = [...new Map([...own.open, ...catalog.open])].map(([name, endpoint]) => {
    const only = own.open.has(name) ? "only with the workspace's registry" : 'only with Unity Catalog'
    return { endpoint, only: own.open.has(name) && catalog.open.has(name) ? null : only }
  })
  const [inOwn, inCatalog] = tables.map(({ closed }) => new Map(closed.map((each) => [addressOf(each), each])))
  const pairs = [...new Set([...(inOwn?.keys() ?? []), ...(inCatalog?.keys() ?? [])])].map((address) => {
    return { address, closed: [inOwn?.get(address), inCatalog?.get(address)] }
  })
  const isDivided = ({ closed: [first, second] }: (typeof pairs)[number]) => first?.closed !== second?.closed
  const divided = new Set(pairs.filter(isDivided).map(({ address }) => address))
  return {
    open,
    closed: own.closed.filter((each) => !divided.has(addressOf(each))),
    divided: pairs.filter(isDivided).map(({ address, closed }) => dividedRow(address, closed)),
    counts: tables.map((table) => ({ open: table.open.size, closed: table.closed.length })),
  }
}

/** The content of the page for one kind of upstream. */
export function shownTable(kind: UpstreamKind): ShownTable {
  if (kind === 'databricks') return showWorkspace()
  const { open, closed } = tableOfAllModes(kind)
  const all = [...open.values()].map((endpoint) => ({ endpoint, only: null }))
  return { open: all, closed, divided: [], counts: [{ open: open.size, closed: closed.length }] }
}

/** What depends on the model registry; empty if nothing does. */
export function dividedSection({ divided }: ShownTable): string {
  if (divided.length === 0) return ''
  const head = [
    "| method and path | below | with the workspace's registry | with Unity Catalog | MLflow |",
    '|---|---|---|---|---|',
  ]
  return `## Closed with one registry

What is open or closed, or closed for a different reason, depending on \`upstream.registry\`.

${[...head, ...divided].join('\n')}

`
}
