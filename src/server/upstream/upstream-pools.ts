import { type Dispatcher, Pool } from 'undici'
import { throughProxy } from '../network/connector.ts'
import type { Outbound } from '../network/proxy-settings.ts'
import { upstreamConnector } from './upstream-connector.ts'

/** Milliseconds that the upstream gets. */
export interface UpstreamTimeouts {
  /** To take a connection. */
  readonly connect: number
  /** To begin the answer to a message. */
  readonly answer: number
  /** To begin a download. */
  readonly download: number
  /** To begin the answer to an upload that it has whole. */
  readonly upload: number
  /** To begin a served model's answer, and between two parts of it. */
  readonly model: number
  /** Between two parts of any other answer, and of an upload that it reads. */
  readonly pause: number
}

/** What the configuration says where it says nothing. */
export const upstreamTimeouts: UpstreamTimeouts = {
  connect: 3_000,
  answer: 120_000,
  download: 600_000,
  upload: 600_000,
  model: 300_000,
  pause: 60_000,
}

/** How long MLflow may take, in words. */
export function showPatience({ connect, answer, download, upload, model, pause }: UpstreamTimeouts): string {
  const [reach, message, begin, store, ask, quiet] = [connect, answer, download, upload, model, pause].map((time) => time / 1_000)
  return `${reach} s to reach MLflow, ${message} s for a message, ${begin} s for a download to begin, ${store} s to store an upload, ${ask} s for a model; then ${quiet} s without a byte`
}

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
