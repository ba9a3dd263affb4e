import { Pool } from 'undici'
import { modelPatience } from './model-call.ts'
import { upstreamConnector } from './upstream-connector.ts'

/** Milliseconds that the upstream gets. */
export interface UpstreamTimeouts {
  /** To take a connection. */
  readonly connect: number
  /** To begin the answer to a request that it has whole; to an upload it may take longer. */
  readonly answer: number
  readonly upload: number
  /** Between two parts of an answer. */
  readonly pause: number
}

/** What the configuration says where it says nothing. */
export const upstreamTimeouts: UpstreamTimeouts = { connect: 3_000, answer: 120_000, upload: 600_000, pause: 60_000 }
/** Connections for messages, bytes and models, and requests that may wait for one: slow downloads keep no message from its way. */
export const upstreamCapacity = { messages: 128, bytes: 256, models: 256, waiting: 1_024 } as const

/** Connections to the upstream, apart by what goes over them. */
export interface UpstreamPools {
  readonly messages: Pool
  readonly bytes: Pool
  /** Of calls to served models, which may take their time. */
  readonly models: Pool
}

/** Opens no connection yet. */
export function makePools({ protocol, origin }: URL, { connect, answer, pause }: UpstreamTimeouts): UpstreamPools {
  // MLflow's uvicorn stalls 40 ms on reused connections and closes them after 5 s: on plain http each request has its own.
  // Nor is one left idle there, as undici does behind an aborted upload: it would hold a worker of gunicorn.
  const reuse =
    protocol === 'https:' ? { keepAliveTimeout: 4_000, keepAliveMaxTimeout: 4_000 } : { pipelining: 0, keepAliveTimeout: 1 }
  const options = {
    ...reuse,
    connect: upstreamConnector(connect),
    headersTimeout: answer,
    bodyTimeout: pause,
  }
  return {
    messages: new Pool(origin, { ...options, connections: upstreamCapacity.messages }),
    bytes: new Pool(origin, { ...options, connections: upstreamCapacity.bytes }),
    models: new Pool(origin, { ...options, bodyTimeout: modelPatience, connections: upstreamCapacity.models }),
  }
}
