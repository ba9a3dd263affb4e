import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { basicAuthorization } from './basic-authorization.ts'

/** A forward proxy did not connect to the target. */
class ForwardProxyError extends Error {
  readonly code = 'ERR_FORWARD_PROXY'
}

/** The headers that authenticate to a forward proxy. */
export function proxyHeaders({ username, password }: URL): Record<string, string> {
  if (username === '') return {}
  return { 'proxy-authorization': basicAuthorization(decodeURIComponent(username), decodeURIComponent(password)) }
}

function refused(proxy: URL, target: string, status: number): ForwardProxyError {
  const why = status === 407 ? 'it requires a user name and password; put them into HTTPS_PROXY' : `it answers ${status}`
  return new ForwardProxyError(`the forward proxy ${proxy.host} does not connect to ${target}: ${why}`)
}

/** A connection to `target` (`host:port`) through a forward proxy; `timeout` in milliseconds. */
export function openTunnel(proxy: URL, target: string, secureContext: SecureContext | null, timeout: number): Promise<Socket> {
  const isTls = proxy.protocol === 'https:'
  const options = {
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: Number(proxy.port || (isTls ? 443 : 80)),
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...proxyHeaders(proxy) },
    agent: false,
    signal: AbortSignal.timeout(timeout),
    ...(secureContext === null ? {} : { secureContext }),
  } as const
  return new Promise((resolve, reject) => {
    const request = isTls ? requestHttps(options) : requestHttp(options)
    request.once('connect', ({ statusCode = 0 }, socket) => {
      if (statusCode === 200) return resolve(socket)
      socket.destroy()
      reject(refused(proxy, target, statusCode))
    })
    request.once('error', (error) => {
      const why = error.name === 'AbortError' || error.name === 'TimeoutError' ? 'no answer in time' : error.message
      reject(new ForwardProxyError(`the forward proxy ${proxy.host} cannot be used for ${target}: ${why}`, { cause: error }))
    })
    request.end()
  })
}
