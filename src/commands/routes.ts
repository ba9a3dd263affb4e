import { parseArgs } from 'node:util'
import type { ClosedEndpoint, OpenEndpoint } from '../policy/endpoints/endpoint.ts'
import { tableOfAllModes } from '../policy/endpoints/endpoint-table.ts'
import { type ServerKind, serverKindOf } from '../policy/environments/environment.ts'
import { describedVersions } from '../policy/generated/messages.ts'
import { coverageOf } from '../rewrite/answer/coverage.ts'
import { loadConfig } from '../server/config/config.ts'
import { reportProblems } from './report-problems.ts'
import type { Terminal } from './terminal.ts'

const usage = `Usage: mlflow-env-proxy routes [--upstream-kind mlflow|databricks|unityCatalog | --config FILE] [--upstream-version X]

Prints every known route of the upstream, and what becomes of it: passed on, rewritten, filtered or carried out by the proxy itself,
or closed and why. The upstream is MLflow's own server (${describedVersions.join(', ')}), or a Databricks workspace
that registers models by itself (databricks) or in Unity Catalog (unityCatalog); with a configuration, the kind that it names. With a version: the routes of that MLflow server alone.
`

/** Whose routes are asked for. */
interface Asked {
  readonly kind: ServerKind
  /** Of MLflow's own server; null for all. */
  readonly version: string | null
}

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

function openColumns(endpoint: OpenEndpoint, kind: ServerKind): string[] {
  const { method, action, resource, name, modes, administrators } = endpoint
  const inMode = modes?.includes('databricks') ? ' (in Databricks mode)' : ''
  const only = administrators ? ' (for administrators)' : inMode
  return [method, address(endpoint), `${action} of ${resource}`, coverageOf(endpoint, kind), `${name}${only}`]
}

function closedColumns(endpoint: ClosedEndpoint): string[] {
  return [endpoint.method, address(endpoint), endpoint.closed]
}

function table(rows: readonly string[][]): string {
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(0, ...rows.map((row) => (row.length > column + 1 ? (row[column] ?? '').length : 0))),
  )
  return rows.map((row) => `  ${line(row, widths)}\n`).join('')
}

function upstreamName({ kind, version }: Asked): string {
  if (kind === 'mlflow') return `MLflow ${version ?? describedVersions.join(', ')}`
  return `A Databricks workspace${kind === 'unityCatalog' ? ' with models in Unity Catalog' : ''}`
}

/** The coverage table as text: what is open, and what is closed and why; of a workspace, or of one MLflow version, or of all. */
export function describeRoutes(asked: Asked): string {
  const { kind, version } = asked
  const has = ({ versions }: OpenEndpoint | ClosedEndpoint) => version === null || versions.includes(version)
  const known = tableOfAllModes(kind)
  const open = [...known.open.values()].filter(has)
  const closed = known.closed.filter(has)
  return `${upstreamName(asked)}: ${open.length} endpoints are open, ${closed.length} are closed. Anything else is answered with 404 ENDPOINT_NOT_FOUND.

open
${table(open.map((endpoint) => openColumns(endpoint, kind)))}
closed
${table(closed.map(closedColumns))}`
}

interface Line {
  readonly kind: string | undefined
  readonly config: string | undefined
  readonly version: string | null
}

function readLine(args: readonly string[]): Line | null {
  const text = { type: 'string' } as const
  const options = { 'upstream-version': text, 'upstream-kind': text, config: { ...text, short: 'c' } } as const
  try {
    const { values } = parseArgs({ args: [...args], options })
    const { 'upstream-version': version = null, 'upstream-kind': kind, config } = values
    if (kind !== undefined && config !== undefined) return null
    return version === null || describedVersions.includes(version) ? { kind, config, version } : null
  } catch {
    return null
  }
}

function kindOf({ kind = 'mlflow', config }: Line, env: NodeJS.ProcessEnv): ServerKind | null {
  if (config !== undefined) return serverKindOf(loadConfig(config, env).upstream)
  return kind === 'mlflow' || kind === 'databricks' || kind === 'unityCatalog' ? kind : null
}

/** Prints the coverage table. Returns the exit code. */
export function routes(args: readonly string[], env: NodeJS.ProcessEnv, terminal: Terminal): number {
  const line = readLine(args)
  try {
    const kind = line === null ? null : kindOf(line, env)
    // A workspace has no versions.
    if (line === null || kind === null || (kind !== 'mlflow' && line.version !== null)) {
      terminal.err(usage)
      return 2
    }
    terminal.out(describeRoutes({ kind, version: line.version }))
    return 0
  } catch (error) {
    return reportProblems(error, terminal)
  }
}
