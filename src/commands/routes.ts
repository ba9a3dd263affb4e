import { parseArgs } from 'node:util'
import type { ClosedEndpoint, OpenEndpoint } from '../policy/endpoint.ts'
import { closedEndpoints, openEndpoints } from '../policy/endpoints.ts'
import { describedVersions } from '../policy/generated/messages.ts'
import type { Terminal } from './terminal.ts'

const usage = `Usage: mlflow-env-proxy routes [--upstream-version X]

Prints every route of the known MLflow servers (${describedVersions.join(', ')}), and whether it is forwarded, or why not.
With a version: the routes of that server alone.
`

function line(columns: readonly string[], widths: readonly number[]): string {
  return columns
    .map((text, index) => text.padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd()
}

function address({ path, prefixes }: OpenEndpoint | ClosedEndpoint): string {
  const [first = ''] = prefixes.toSorted((a, b) => Number(a.startsWith('/ajax-api')) - Number(b.startsWith('/ajax-api')))
  return prefixes.length > 1 ? `${first}${path} (and ${prefixes.length - 1} more)` : `${first}${path}`
}

function openColumns(endpoint: OpenEndpoint): string[] {
  return [endpoint.method, address(endpoint), `${endpoint.action} of ${endpoint.resource}`, endpoint.name]
}

function closedColumns(endpoint: ClosedEndpoint): string[] {
  return [endpoint.method, address(endpoint), endpoint.closed]
}

function table(rows: readonly string[][]): string {
  const widths = [0, 1, 2].map((column) =>
    Math.max(0, ...rows.map((row) => (row.length > column + 1 ? (row[column] ?? '').length : 0))),
  )
  return rows.map((row) => `  ${line(row, widths)}\n`).join('')
}

/** The coverage table as text: what is open, and what is closed and why; of one version, or of all. */
export function describeRoutes(version: string | null): string {
  const has = ({ versions }: OpenEndpoint | ClosedEndpoint) => version === null || versions.includes(version)
  const open = [...openEndpoints.values()].filter(has)
  const closed = closedEndpoints.filter(has)
  const of = version === null ? `MLflow ${describedVersions.join(', ')}` : `MLflow ${version}`
  return `${of}: ${open.length} endpoints are open, ${closed.length} are closed. Anything else is answered with 404 ENDPOINT_NOT_FOUND.

open
${table(open.map(openColumns))}
closed
${table(closed.map(closedColumns))}`
}

function readVersion(args: readonly string[]): { version: string | null } | null {
  try {
    const { values } = parseArgs({ args: [...args], options: { 'upstream-version': { type: 'string' } } })
    const version = values['upstream-version'] ?? null
    return version === null || describedVersions.includes(version) ? { version } : null
  } catch {
    return null
  }
}

/** Prints the coverage table. Returns the exit code. */
export function routes(args: readonly string[], terminal: Terminal): number {
  const asked = readVersion(args)
  if (asked === null) {
    terminal.err(usage)
    return 2
  }
  terminal.out(describeRoutes(asked.version))
  return 0
}
