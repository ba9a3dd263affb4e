import { type Dispatcher, Pool } from 'undici'
import type { Config } from '../config/config-types.ts'
import type { UpstreamTimeouts } from '../config/upstream-timeouts.ts'
import { throughProxy } from '../network/connector.ts'
import { KeptConnections, type MessagePool } from './kept-connections.ts'
import { upstreamConnector } from './upstream-connector.ts'

/**
 * Requests wait for their shares (`limits`), and never here: whoever has one gets a connection, as bytes and models use one each. A message
 * may ask several things at once; where thousands do, the rest waits for those, which wait for nobody.
 */
const messageConnections = 1_024

/** Connections to the upstream, apart by what goes over them. */
export interface UpstreamPools {
  readonly messages: MessagePool
  /** Of messages that are sent once more. */
  readonly single: Dispatcher
  readonly bytes: Dispatcher
  /** Of calls to served models, which may take their time. */
  readonly models: Dispatcher
}

/** Opens no connection yet. `keep`: whether connections for messages to plain http are kept. */
export function makePools(
  { protocol, origin }: URL,
  { connect, model, pause }: UpstreamTimeouts,
  { outbound, clientCertificate }: Pick<Config['upstream'], 'outbound' | 'clientCertificate'>,
  keep: boolean,
): UpstreamPools {
  const isTls = protocol === 'https:'
  // On plain http bytes have connections of their own. None is left idle there, as undici does behind an aborted upload: it would hold a
  // worker of gunicorn.
  const reuse = isTls ? { keepAliveTimeout: 4_000, keepAliveMaxTimeout: 4_000 } : { pipelining: 0, keepAliveTimeout: 1 }
  const options = {
    connect: upstreamConnector(connect, outbound, clientCertificate),
    // Whoever asks has a limit of his own.
    headersTimeout: 0,
    bodyTimeout: pause,
  }
  const through = (dispatcher: Dispatcher) => throughProxy(dispatcher, outbound, origin)
  const pool = (own: Pool.Options) => through(new Pool(origin, { ...options, ...reuse, ...own }))
  const single = pool({ connections: messageConnections })
  return {
    messages: isTls || !keep ? single : new KeptConnections({ origin, client: options, through, single }),
    single,
    bytes: pool({}),
    models: pool({ bodyTimeout: model }),
  }
}
