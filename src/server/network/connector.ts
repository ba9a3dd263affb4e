import type { SecureContext } from 'node:tls'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { clientContextOf, secureContextOf } from '../config/certificates.ts'
import type { KeyPairFiles } from '../config/key-pair.ts'
import { type Outbound, proxyFor } from '../config/proxy-settings.ts'
import { withClientCertificate } from './client-certificate-connector.ts'
import { openTunnel, proxyHeaders } from './tunnel.ts'

/**
 * How undici connects to other machines: directly or through a forward proxy, over https with the configured authorities. `timeout` in milliseconds;
 * `certificate` is shown to servers that ask for one.
 */
export function outboundConnector(
  outbound: Outbound | undefined,
  timeout: number,
  certificate?: KeyPairFiles,
): buildConnector.connector {
  const secureContext = secureContextOf(outbound)
  const connectBy = (context: SecureContext | null) =>
    buildConnector({ timeout, keepAliveInitialDelay: 15_000, ...(context === null ? {} : { secureContext: context }) })
  const connect =
    certificate === undefined
      ? connectBy(secureContext)
      : withClientCertificate(certificate, (pair) => clientContextOf(outbound, pair), connectBy)
  return (options, callback) => {
    const proxy = proxyFor(outbound, options)
    if (proxy === null) return connect(options, callback)
    // Plain http is requested from the forward proxy itself (`throughProxy`): many allow CONNECT only to port 443.
    if (options.protocol !== 'https:') {
      const { protocol, hostname, port } = proxy
      return connect({ ...options, protocol, hostname, host: hostname, port }, callback)
    }
    const target = `${options.hostname}:${options.port || 443}`
    openTunnel(proxy, target, secureContext, timeout).then(
      (httpSocket) => connect({ ...options, httpSocket }, callback),
      (error: Error) => callback(error, null),
    )
  }
}

/**
 * A dispatcher whose requests for plain http have the form that forward proxies need, if they use one. `origin`: of a pool,
 * whose requests do not contain it.
 */
export function throughProxy(dispatcher: Dispatcher, outbound: Outbound | undefined, origin?: string): Dispatcher {
  if (outbound?.httpProxy == null) return dispatcher
  return dispatcher.compose((dispatch) => (options, handler) => {
    const url = new URL(String(options.origin ?? origin))
    const proxy = url.protocol === 'http:' ? proxyFor(outbound, url) : null
    if (proxy === null) return dispatch(options, handler)
    const headers = { ...Object.fromEntries(Object.entries(options.headers ?? {})), ...proxyHeaders(proxy) }
    return dispatch({ ...options, path: `${url.origin}${options.path}`, headers }, handler)
  })
}

/** A dispatcher for single questions to other services, each on a connection of its own that is there within so many milliseconds. */
export function questionAgent(outbound: Outbound | undefined, within: number): Dispatcher {
  return throughProxy(new Agent({ pipelining: 0, connect: outboundConnector(outbound, within) }), outbound)
}
