import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { buildConnector } from 'undici'
import type { KeyPairFiles } from '../config/key-pair.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { outboundConnector } from '../network/connector.ts'

const unsent = new WeakSet<object>()

/** Whether an error of undici's came before the first byte of the request went to MLflow. */
export function isUnsent(error: unknown): boolean {
  return typeof error === 'object' && error !== null && unsent.has(error)
}

/**
 * Makes a connection that is given up end by a reset: some servers take an orderly end for the end of the body, and store half a file.
 * Not over TLS, where Node resets nothing; there the missing end of the TLS stream tells.
 */
function resetOnError(socket: Socket): Socket {
  if (socket instanceof TLSSocket) return socket
  const destroy = socket.destroy.bind(socket)
  let cause: Error | undefined
  socket.destroy = (error?: Error) => {
    // resetAndDestroy comes back here, and does not know the error that undici has to be told.
    if (error === undefined || cause !== undefined || socket.destroyed || socket.connecting) return destroy(cause ?? error)
    cause = error
    // Every exchange on a connection of its own ends like this: nobody reads the stack, which Node would have written out.
    if ('code' in error && error.code === 'UND_ERR_INFO') error.stack = error.message
    return socket.resetAndDestroy()
  }
  return socket
}

/** How undici connects to MLflow; `timeout` in milliseconds. `certificate`: the proxy's own. */
export function upstreamConnector(timeout: number, outbound?: Outbound, certificate?: KeyPairFiles): buildConnector.connector {
  const connect = outboundConnector(outbound, timeout, certificate)
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) {
        unsent.add(error)
        callback(error, null)
      } else {
        resetOnError(socket)
        callback(null, socket)
      }
    })
}
