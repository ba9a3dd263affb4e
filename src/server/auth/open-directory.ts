import type { Logger } from 'pino'
import type { Config } from '../config/config-types.ts'
import { namedGroups } from '../config/named-groups.ts'
import { openOwnToken } from '../credentials/open-credentials.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { DatabricksDirectory } from './databricks-directory.ts'
import { type Directory, RememberedDirectory } from './directory.ts'
import { GraphClient } from './graph-client.ts'
import { GraphDirectory } from './graph-directory.ts'
import { GroupNames } from './group-name-watch.ts'
import { type NamedGroup, resolveNames } from './group-names.ts'

type Log = Pick<Logger, 'warn' | 'info' | 'error'>

/** The client of Microsoft Graph with the proxy's own identity; null: the configuration does not need it. */
function openGraph({ authentication: { graph }, outbound }: Config, log: Pick<Logger, 'warn'>): GraphClient | null {
  if (graph === undefined) return null
  const unavailable = 'The proxy has no token for Microsoft Graph at the moment, so your groups are unknown. Try again shortly.'
  return new GraphClient(graph.url, openOwnToken(graph.credentials, { log, outbound, unavailable }), outbound)
}

/** Looks up the groups that the configuration names; null: it needs no directory for that. Rejects with a Refusal if that fails. */
export async function lookUpGroups(config: Config): Promise<readonly NamedGroup[] | null> {
  const graph = openGraph(config, { warn: () => undefined })
  try {
    return graph === null ? null : await resolveNames(graph, namedGroups(config))
  } finally {
    await graph?.close()
  }
}

/** The directory in the configuration, or null. */
export function openDirectory(
  config: Config,
  upstream: Pick<Upstream, 'askWho'>,
  log: Log,
  clock?: () => number,
): Directory | null {
  const { directory, entra, issuers } = config.authentication
  const graph = openGraph(config, log)
  if (graph !== null && entra !== undefined)
    return new RememberedDirectory(new GraphDirectory(graph, entra.tenantId, watchNames(config, graph, log)), clock)
  const tenants = issuers.flatMap((settings) => (settings.kind === 'entra' ? [settings.tenantId] : []))
  return directory === 'databricks' ? new RememberedDirectory(new DatabricksDirectory(upstream, tenants), clock) : null
}

function watchNames(config: Config, graph: GraphClient, log: Log): GroupNames {
  const names = namedGroups(config)
  return new GroupNames({
    resolve: () => resolveNames(graph, names),
    report: (found, problem) => {
      if (problem !== null) return log.warn({ problem }, 'the names of groups could not be looked up')
      for (const group of found) if (group.problem !== null) log.error({ problem: group.problem }, 'a name stands for no group')
      const groups = Object.fromEntries(found.flatMap(({ name, id }) => (id === null ? [] : [[name, id]])))
      log.info({ groups }, 'groups were looked up by name')
    },
  })
}
