import { buildConnector, type Dispatcher } from 'undici'
import { secureContextOf } from '../config/certificates.ts'
import { type Outbound, proxyFor } from '../config/proxy-settings.ts'
import { openTunnel, proxyHeaders } from './tunnel.ts'

/** How undici connects to other machines: directly or through a forward proxy, over https with the configured authorities. `timeout` in milliseconds. */
export function outboundConnector(outbound: Outbound | undefined, timeout: number): buildConnector.connector {
  const secureContext = secureContextOf(outbound)
  const connect = buildConnector({ timeout, keepAliveInitialDelay: 15_000, ...(secureContext === null ? {} : { secureContext }) })
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
