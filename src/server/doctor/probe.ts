import type { IncomingHttpHeaders } from 'node:http'
import { Agent, type Dispatcher, request } from 'undici'
import { type Json, JsonNumber, type JsonObject } from '../../policy/messages/json/json.ts'
import { parseIfJson } from '../../policy/messages/json/json-text.ts'
import { objectsIn as listedObjects } from '../../policy/messages/message-fields.ts'
import type { Config } from '../config/config-types.ts'
import { outboundConnector, throughProxy } from '../network/connector.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { serverOf } from '../upstream/upstream-answer.ts'

/** Milliseconds, and bytes: a doctor does not wait for long, nor read much. */
const limits = { time: 10_000, bytes: 8 * 1024 * 1024 } as const

/** An answer, with ways to read what may be in it. */
export class Said {
  readonly status: number
  readonly text: string
  /** Where the answer sends to; '' for none. */
  readonly location: string
  /** Null where the answer is no JSON object. */
  readonly object: JsonObject | null
  readonly contentType: string
  /** The program that answered; absent where it does not say. */
  readonly server?: string

  constructor(status: number, text: string, headers: IncomingHttpHeaders) {
    this.status = status
    this.location = String(headers.location ?? '')
    this.contentType = headers['content-type'] ?? ''
    Object.assign(this, serverOf(headers.server))
    this.text = text
    this.object = readObject(text)
  }

  /** The object of a good answer; null for any other. */
  get good(): JsonObject | null {
    return this.status === 200 ? this.object : null
  }

  /** Status and error code, for a sentence. */
  get outcome(): string {
    const code = this.object?.get('error_code')
    return typeof code === 'string' && /^[A-Z_]{1,64}$/.test(code) ? `${this.status} ${code}` : `status ${this.status}`
  }
}

function readObject(text: string): JsonObject | null {
  const value = parseIfJson(text, { allowNaN: true, maxKeys: Number.POSITIVE_INFINITY })
  return value instanceof Map ? value : null
}

/** A text or number of an object as text; null where there is none. */
export function textIn(object: Json | undefined, key: string): string | null {
  const value = object instanceof Map ? object.get(key) : undefined
  if (value instanceof JsonNumber) return value.text
  return typeof value === 'string' && value !== '' ? value : null
}

/** The objects of a list; none where there is no such list. */
export function objectsIn(object: Json | undefined, key: string): readonly JsonObject[] {
  return listedObjects(object instanceof Map ? object.get(key) : undefined)
}

/** Asks the upstream, in whoever's name. Only ever reads. */
export class Probe {
  readonly #base: string
  readonly #agent: Dispatcher

  constructor({ url, outbound, clientCertificate }: Pick<Config['upstream'], 'url' | 'outbound' | 'clientCertificate'>) {
    this.#base = url
    const connect = outboundConnector(outbound, limits.time, clientCertificate)
    this.#agent = throughProxy(new Agent({ connect, headersTimeout: limits.time, bodyTimeout: limits.time }), outbound)
  }

  /** Rejects with an Error whose message says why there is no answer. */
  async get(path: string, query: Readonly<Record<string, string>>, authorization: string | null): Promise<Said> {
    const parameters = String(new URLSearchParams(query))
    const url = `${this.#base}${path}${parameters === '' ? '' : `?${parameters}`}`
    const headers = { accept: 'application/json', ...(authorization === null ? {} : { authorization }) }
    try {
      const { statusCode, body, headers: answered } = await request(url, { dispatcher: this.#agent, headers })
      const chunks: Uint8Array[] = []
      let size = 0
      for await (const chunk of body) {
        size += chunk.length
        if (size > limits.bytes) throw new Error('its answer is too large')
        chunks.push(chunk)
      }
      return new Said(statusCode, Buffer.concat(chunks).toString('utf8'), answered)
    } catch (error) {
      throw new Error(describeNetworkError(error))
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }
}
