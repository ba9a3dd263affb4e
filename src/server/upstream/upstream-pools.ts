import { type Dispatcher, Pool } from 'undici'
import type { Outbound } from '../config/proxy-settings.ts'
import type { UpstreamTimeouts } from '../config/upstream-timeouts.ts'
import { throughProxy } from '../network/connector.ts'
import { upstreamConnector } from './upstream-connector.ts'

/**
 * Requests wait for their shares (`limits`), and never here: whoever has one gets a connection, as bytes and models use one each. A message
 * may ask several things at once; where thousands do, the rest waits for those, which wait for nobody.
 */
const messageConnections = 1_024

/** Connections to the upstream, apart by what goes over them. */
export interface UpstreamPools {
  readonly messages: Dispatcher
  readonly bytes: Dispatcher
  /** Of calls to served models, which may take their time. */
  readonly models: Dispatcher
}

/** Opens no connection yet. */
export function makePools(
  { protocol, origin }: URL,
  { connect, model, pause }: UpstreamTimeouts,
  outbound?: Outbound,
): UpstreamPools {
  // MLflow's uvicorn stalls 40 ms on reused connections and closes them after 5 s: on plain http each request has its own.
  // Nor is one left idle there, as undici does behind an aborted upload: it would hold a worker of gunicorn.
  const reuse =
    protocol === 'https:' ? { keepAliveTimeout: 4_000, keepAliveMaxTimeout: 4_000 } : { pipelining: 0, keepAliveTimeout: 1 }
  const options = {
    ...reuse,
    connect: upstreamConnector(connect, outbound),
    // Whoever asks has a limit of his own.
    headersTimeout: 0,
    bodyTimeout: pause,
  }
  const pool = (own: Pool.Options) => throughProxy(new Pool(origin, { ...options, ...own }), outbound, origin)
  return {
    messages: pool({ connections: messageConnections }),
    bytes: pool({}),
    models: pool({ bodyTimeout: model }),
  }
}
