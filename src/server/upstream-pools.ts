import { Pool } from 'undici'
import { modelPatience } from './model-call.ts'
import { upstreamConnector } from './upstream-connector.ts'

/** Milliseconds. */
export const upstreamTimeouts = { connect: 3_000, headers: 120_000, body: 60_000 } as const
/**
 * Requests wait for their shares (`limits`), and never here: whoever has one gets a connection, as bytes and models use one each. A message
 * may ask several things at once; where thousands do, the rest waits for those, which wait for nobody.
 */
const messageConnections = 1_024

/** Connections to the upstream, apart by what goes over them. */
export interface UpstreamPools {
  readonly messages: Pool
  readonly bytes: Pool
  /** Of calls to served models, which may take their time. */
  readonly models: Pool
}

/** Opens no connection yet. */
export function makePools({ protocol, origin }: URL): UpstreamPools {
  // MLflow's uvicorn stalls 40 ms on reused connections and closes them after 5 s: on plain http each request has its own.
  // Nor is one left idle there, as undici does behind an aborted upload: it would hold a worker of gunicorn.
  const reuse =
    protocol === 'https:' ? { keepAliveTimeout: 4_000, keepAliveMaxTimeout: 4_000 } : { pipelining: 0, keepAliveTimeout: 1 }
  const options = {
    ...reuse,
    connect: upstreamConnector(upstreamTimeouts.connect),
    headersTimeout: upstreamTimeouts.headers,
    bodyTimeout: upstreamTimeouts.body,
  }
  return {
    messages: new Pool(origin, { ...options, connections: messageConnections }),
    bytes: new Pool(origin, options),
    models: new Pool(origin, { ...options, bodyTimeout: modelPatience }),
  }
}
