import { createServer, type Server } from 'node:http'
import { limits } from './framing.ts'
import type { Timeouts } from './http-server.ts'
import type { ListenerCertificate } from './listener-certificate.ts'

/** Milliseconds of silence after which the system asks whether the other end of a connection is still there. */
export const keepAliveAfter = 15_000

/** Node's server of a port for callers: over TLS with a certificate, plain without. */
export function openServer(timeouts: Timeouts, certificate: ListenerCertificate | null): Server {
  const options = {
    // Node refuses at this size, and the proxy above it.
    maxHeaderSize: limits.headerBytes + 1,
    headersTimeout: timeouts.headers,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1_000, timeouts.headers),
    keepAlive: true,
    keepAliveInitialDelay: keepAliveAfter,
  }
  const server =
    certificate === null ? createServer(options) : certificate.open({ ...options, handshakeTimeout: timeouts.headers })
  server.keepAliveTimeout = timeouts.keepAlive
  return server
}
