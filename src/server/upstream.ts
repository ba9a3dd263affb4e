import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import { Refusal } from '../policy/reasons.ts'
import { isUpstreamRequest, type UpstreamRequest } from '../rewrite/upstream-request.ts'
import type { Config } from './config-types.ts'
import { type OwnWrite, writeOut } from './own-writes.ts'

/** An answer of MLflow's, read whole. */
export interface UpstreamAnswer {
  readonly status: number
  readonly contentType: string
  readonly text: string
}

/** The caller's credentials, where they are what the upstream is asked with. */
export interface CallerCredentials {
  readonly authorization: string | null
}

const answerBytes = 256 * 1024 * 1024
/** Milliseconds. */
const timeouts = { connect: 3_000, headers: 120_000, body: 60_000 } as const

/** A connection that is given up is reset: some servers take an orderly end for the end of the body, and store half a file. */
function resetOnError(socket: Socket): Socket {
  const destroy = socket.destroy.bind(socket)
  socket.destroy = (error?: Error) =>
    error !== undefined && !socket.connecting && 'resetAndDestroy' in socket ? socket.resetAndDestroy() : destroy(error)
  return socket
}

function connector(): buildConnector.connector {
  const connect = buildConnector({ timeout: timeouts.connect })
  return (options, callback) =>
    connect(options, (...result) => {
      const [error, socket] = result
      if (error !== null) callback(error, null)
      else callback(null, resetOnError(socket) as typeof socket)
    })
}

function isUnsent(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : ''
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].includes(
    String(code),
  )
}

/** What the caller is told when MLflow could not be asked: try again only when nothing was sent or sending twice is harmless. */
export function transportRefusal(error: unknown, repeatable: boolean): Refusal {
  if (error instanceof Refusal) return error
  if (isUnsent(error) || repeatable)
    return new Refusal('upstream-unavailable', 'MLflow does not answer at the moment. Try again shortly.')
  return new Refusal(
    'outcome-unknown',
    'The connection to MLflow broke after the request was sent: it may have been carried out. Look before you send it again.',
  )
}

/** The one door to MLflow. It takes granted requests, and the proxy's own look-ups. */
export class Upstream {
  readonly origin: string
  readonly dispatcher: Pool
  readonly #config: Config['upstream']
  readonly #basePath: string

  constructor(config: Config['upstream']) {
    const url = new URL(config.url)
    this.origin = url.origin
    this.#config = config
    this.#basePath = url.pathname.replace(/\/$/, '')
    // MLflow's uvicorn stalls 40 ms on reused connections and closes them after 5 s: on plain http each request has its own.
    const reuse = url.protocol === 'https:' ? { keepAliveTimeout: 4_000, keepAliveMaxTimeout: 4_000 } : { pipelining: 0 }
    this.dispatcher = new Pool(url.origin, {
      ...reuse,
      connections: 128,
      connect: connector(),
      headersTimeout: timeouts.headers,
      bodyTimeout: timeouts.body,
    })
  }

  /** The path below the upstream's own prefix. */
  target(path: string): string {
    return `${this.#basePath}${path}`
  }

  /** Headers that MLflow is asked with; the caller's own token only where the upstream is what it is meant for. */
  async credentials(caller: CallerCredentials): Promise<Record<string, string>> {
    const { credentials } = this.#config
    if (credentials.mode === 'passthrough') return caller.authorization === null ? {} : { authorization: caller.authorization }
    if (credentials.mode === 'token') return { authorization: `Bearer ${(await readFile(credentials.file, 'utf8')).trim()}` }
    return {}
  }

  /** Sends a granted request and reads the answer whole. A read is tried once more when the connection broke before an answer. */
  async send(request: UpstreamRequest, caller: CallerCredentials, repeatable = false): Promise<UpstreamAnswer> {
    if (!isUpstreamRequest(request)) throw new TypeError('nothing is forwarded without a grant')
    return this.#exchange(request.method, request.target, request.body, caller, repeatable)
  }

  /** Asks MLflow something that the proxy itself must know. Reading only. */
  async lookUp(path: string, query: Readonly<Record<string, string>>, caller: CallerCredentials): Promise<UpstreamAnswer> {
    return this.#exchange('GET', `${path}?${new URLSearchParams(query)}`, null, caller, true)
  }

  /** One of the few writes that the proxy itself has to make. */
  async write(write: OwnWrite, caller: CallerCredentials): Promise<UpstreamAnswer> {
    const { method, path, body } = writeOut(write)
    return this.#exchange(method, path, JSON.stringify(body), caller, true)
  }

  async #exchange(
    method: string,
    target: string,
    body: string | null,
    caller: CallerCredentials,
    repeatable: boolean,
  ): Promise<UpstreamAnswer> {
    const headers: Record<string, string> = { accept: 'application/json', ...(await this.credentials(caller)) }
    if (body !== null) headers['content-type'] = 'application/json'
    const options = { method: method as Dispatcher.HttpMethod, path: this.target(target), headers, body }
    try {
      return await this.#once(options)
    } catch (error) {
      if (method !== 'GET' || isUnsent(error) || error instanceof Refusal)
        throw transportRefusal(error, repeatable || method === 'GET')
    }
    try {
      return await this.#once(options)
    } catch (error) {
      throw transportRefusal(error, true)
    }
  }

  async #once(options: Dispatcher.RequestOptions): Promise<UpstreamAnswer> {
    const { statusCode, headers, body } = await this.dispatcher.request(options)
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of body) {
      size += chunk.length
      if (size > answerBytes)
        throw new Refusal('unknown-answer', 'The answer of MLflow is too large. Ask for fewer rows at once.')
      chunks.push(chunk)
    }
    return {
      status: statusCode,
      contentType: String(headers['content-type'] ?? ''),
      text: Buffer.concat(chunks).toString('utf8'),
    }
  }

  async close(): Promise<void> {
    await this.dispatcher.close()
  }
}
