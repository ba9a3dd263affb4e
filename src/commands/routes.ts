import { Command, Option } from 'commander'
import type { ClosedEndpoint, OpenEndpoint } from '../policy/endpoints/endpoint.ts'
import { tableOfAllModes } from '../policy/endpoints/endpoint-table.ts'
import { type ServerKind, serverKindOf } from '../policy/environments/environment.ts'
import { describedVersions } from '../policy/generated/messages.ts'
import { coverageOf } from '../rewrite/answer/coverage.ts'
import type { Shell } from './shell.ts'
import { configOption, withConfig } from './with-config.ts'

/** The kind of upstream whose routes are listed. */
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

/** The coverage table as text: open and closed endpoints, with reasons, of a workspace, one MLflow version, or all. */
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

interface Options {
  readonly upstreamKind?: ServerKind
  readonly upstreamVersion?: string
  readonly config?: string
}

/** Prints the coverage table. */
export function routesCommand(shell: Shell): Command {
  const command = new Command('routes')
  const print = (kind: ServerKind, version: string | null) => {
    if (kind !== 'mlflow' && version !== null) command.error('error: a workspace has no versions; leave --upstream-version out')
    shell.terminal.out(describeRoutes({ kind, version }))
    return 0
  }
  return command
    .summary('every route of the upstream, open or closed')
    .description(
      'Prints every known route of the upstream, and what becomes of it: passed on, rewritten, filtered or carried out by the proxy itself, or closed and why.',
    )
    .addOption(
      new Option(
        '--upstream-kind <kind>',
        "MLflow's own server, or a Databricks workspace that registers models by itself or in Unity Catalog",
      )
        .choices(['mlflow', 'databricks', 'unityCatalog'] satisfies ServerKind[])
        .conflicts('config'),
    )
    .addOption(new Option('--upstream-version <version>', 'that MLflow server alone').choices(describedVersions))
    .addOption(configOption())
    .action(
      shell.action(({ upstreamKind = 'mlflow', upstreamVersion, config }: Options) => {
        if (config === undefined) return print(upstreamKind, upstreamVersion ?? null)
        return withConfig(shell, config, ({ upstream }) => print(serverKindOf(upstream), upstreamVersion ?? null))
      }),
    )
}
