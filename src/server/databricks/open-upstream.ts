import type { Logger } from 'pino'
import { usesCatalog } from '../../policy/environments/environment.ts'
import type { Config } from '../config/config-types.ts'
import type { Layer } from '../upstream/exchange.ts'
import { Upstream } from '../upstream/upstream.ts'
import { askCatalog } from './unity-catalog-registry.ts'

/** Models that are registered in Unity Catalog are asked for there. One exchange may take several: only those that change nothing more are sent again. */
const inCatalog: Layer = (send) => async (exchange) => {
  const { method, target, body } = exchange
  if (body instanceof Uint8Array) return send(exchange)
  return askCatalog({ method, target, body }, (call) => send({ ...exchange, ...call, chargedByReader: false }))
}

/** The clients of the upstream, and of workspaces that are only asked about their own callers. */
export function openClients({ upstream, outbound }: Config, log?: Pick<Logger, 'warn'>) {
  const through = outbound === undefined ? {} : { outbound }
  const openWorkspace = (url: string) =>
    openUpstream({ url, kind: 'databricks', credentials: { mode: 'passthrough' }, ...through }, log)
  return { upstream: openUpstream(upstream, log), openWorkspace }
}

/** The client of the configured upstream, with the layers that its kind needs. */
export function openUpstream(config: Config['upstream'], log?: Pick<Logger, 'warn'>): Upstream {
  return usesCatalog(config) ? new Upstream(config, log, inCatalog) : new Upstream(config, log)
}
