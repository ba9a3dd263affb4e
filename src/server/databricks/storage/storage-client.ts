import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, type Dispatcher } from 'undici'
import { Refusal } from '../../../policy/reasons.ts'
import type { Outbound } from '../../config/proxy-settings.ts'
import { outboundConnector, throughProxy } from '../../network/connector.ts'
import { describeNetworkError } from '../../network/network-error.ts'
import type { Credential } from './storage-credentials.ts'

/** A request to storage with its body in memory, so that it can be repeated. */
export interface StorageRequest {
  readonly method: 'PUT' | 'PATCH' | 'DELETE'
  readonly credential: Credential
  readonly parameters: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string | null
  readonly signal?: AbortSignal
  /** Called before each attempt; if it rejects, the request is not sent. */
  readonly before?: () => Promise<void>
}

/** A request whose body is a stream, which cannot be repeated. */
interface StreamRequest {
  readonly credential: Credential
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
}

/** The storage's answer, without its body. */
export interface StorageReply {
  readonly status: number
  /** Azure's error code, or ''. */
  readonly code: string
  readonly etag: string | null
}

/** A file's headers, and its bytes as they arrive. */
export type OpenedFile = Dispatcher.ResponseData & { readonly status: number }

/** Milliseconds. */
const timeouts = { connect: 10_000, headers: 120_000, body: 60_000 } as const
/** Milliseconds before each retry of a request that the storage temporarily refused. */
const pauses = [200, 1_000] as const
const transient: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

function one(header: string | string[] | undefined): string | null {
  return typeof header === 'string' ? header : null
}

/** Azure's error code; never its text, which may contain parts of the URL. */
export function azureCode(headers: Dispatcher.ResponseData['headers']): string {
  const code = one(headers['x-ms-error-code']) ?? ''
  return /^[A-Za-z]{1,64}$/.test(code) ? code : ''
}

/** The message about a broken connection contains nothing of the request, whose URL is secret. */
function unreachable(error: unknown, origin: string): Refusal {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown'
  const refusal = new Refusal('upstream-unavailable', 'The storage of the artifacts does not answer. Try again shortly.')
  refusal.cause = Object.assign(new Error(`the connection to ${origin} failed: ${describeNetworkError(error)}`), { code })
  return refusal
}

/** The refusal for an unsuccessful answer. */
export function storageRefusal(reply: Pick<StorageReply, 'status' | 'code'>): Refusal {
  const said = reply.code === '' ? String(reply.status) : `${reply.status} ${reply.code}`
  if (transient.has(reply.status)) {
    return new Refusal(
      'upstream-unavailable',
      `The storage of the artifacts cannot be used at the moment (${said}). Try again shortly.`,
    )
  }
  return new Refusal(
    'unknown-answer',
    `The storage of the artifacts refuses this request (${said}). Tell the operators of the proxy.`,
  )
}

async function persist<A extends { readonly status: number }>(attempt: () => Promise<A>, signal?: AbortSignal): Promise<A> {
  for (const pause of pauses) {
    const answer = await attempt().catch((error: unknown) => {
      const unreached = error instanceof Refusal && error.reason === 'upstream-unavailable'
      if (signal?.aborted || !unreached) throw error
      return null
    })
    if (answer !== null && !transient.has(answer.status)) return answer
    await sleep(pause, undefined, signal === undefined ? {} : { signal })
  }
  return attempt()
}

/** The only client of the storage that signed URLs point to. Redirects are never followed. */
export class StorageClient {
  readonly #agent: Dispatcher

  constructor(connections = 256, outbound?: Outbound) {
    const agent = new Agent({
      connections,
      connect: outboundConnector(outbound, timeouts.connect),
      headersTimeout: timeouts.headers,
      bodyTimeout: timeouts.body,
    })
    this.#agent = throughProxy(agent, outbound)
  }

  /** Starts reading a file or a listing. */
  async open(
    credential: Credential,
    headers: Readonly<Record<string, string>>,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<OpenedFile> {
    return persist(async () => {
      const answer = await this.#exchange(credential, { method: 'GET', path: credential.url.target(parameters), headers })
      if (transient.has(answer.statusCode)) await answer.body.dump().catch(() => null)
      return { ...answer, status: answer.statusCode }
    })
  }

  /** Sends a request, and repeats it if the storage temporarily refuses it: all requests sent here are idempotent. */
  async send(request: StorageRequest): Promise<StorageReply> {
    return persist(() => this.sendOnce(request), request.signal)
  }

  async sendOnce({ credential, parameters, method, headers, body, signal, before }: StorageRequest): Promise<StorageReply> {
    await before?.()
    const path = credential.url.target(parameters)
    const options = { method, path, headers, body, ...(signal === undefined ? {} : { signal }) }
    const { statusCode, headers: answered, body: rest } = await this.#exchange(credential, options)
    await rest.dump().catch(() => null)
    return { status: statusCode, code: azureCode(answered), etag: one(answered.etag) }
  }

  /** Sends a file as it arrives, once. Rejects with the error of its body, if that fails. */
  async stream({ credential, headers, body }: StreamRequest): Promise<StorageReply> {
    let failure: unknown = null
    const watched = async function* () {
      try {
        yield* body
      } catch (error) {
        failure = error
        throw error
      }
    }
    try {
      const options = { method: 'PUT', path: credential.url.target(), headers, body: Readable.from(watched()) } as const
      const { statusCode, headers: answered, body: rest } = await this.#exchange(credential, options)
      await rest.dump().catch(() => null)
      return { status: statusCode, code: azureCode(answered), etag: one(answered.etag) }
    } catch (error) {
      throw failure ?? error
    }
  }

  async #exchange({ url }: Credential, options: Omit<Dispatcher.RequestOptions, 'origin'>): Promise<Dispatcher.ResponseData> {
    try {
      return await this.#agent.request({ ...options, origin: url.origin })
    } catch (error) {
      throw unreachable(error, url.origin)
    }
  }

  async close(): Promise<void> {
    await this.#agent.close()
  }
}
