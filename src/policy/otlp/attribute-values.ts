import protobuf from 'protobufjs/minimal.js'
import { Refusal } from '../reasons.ts'
import type { WireMessage } from './wire-message.ts'

/** Values of one request at most: what costs a byte on the wire costs a hundred here. */
export const mostValues = 200_000
/** Levels of one request at most. */
const mostLevels = 90

/** Counts what is read, so that a small body cannot become a large message. */
export class Budget {
  #values = 0
  #levels = 0

  spend(): void {
    this.#values += 1
    if (this.#values > mostValues) {
      throw new Refusal('too-large', `The request contains more than ${mostValues} values. Export fewer spans at once.`)
    }
  }

  /** Reads what is one level deeper. */
  within<T>(read: () => T): T {
    this.#levels += 1
    if (this.#levels > mostLevels) throw new Refusal('malformed', 'An attribute of a span is nested too deeply.')
    const result = read()
    this.#levels -= 1
    return result
  }
}

const spanMessages: ReadonlySet<string> = new Set(['opentelemetry.proto.trace.v1.Span', 'opentelemetry.proto.trace.v1.Span.Link'])

/** Bytes that an id has; null for what is no id. */
export function idLength(message: WireMessage, key: string): 8 | 16 | null {
  if (!spanMessages.has(message.name)) return null
  if (key === 'trace_id') return 16
  return key === 'span_id' || key === 'parent_span_id' ? 8 : null
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/**
 * Bytes in their JSON form: ids as MLflow writes them, `tr-` and hexadecimal digits for a trace's, all else in base64. MLflow reads ids as
 * numbers of any length: only those of the right one are taken, so that each has one spelling.
 */
export function fromBytes(message: WireMessage, key: string, bytes: Uint8Array): string {
  const length = idLength(message, key)
  if (length === null) return protobuf.util.base64.encode(bytes, 0, bytes.length)
  if (bytes.length === 0) return ''
  return toId(key, hexOf(bytes), length)
}

/** An id from its digits, in the one spelling that it has here. */
export function toId(key: string, digits: string, length: 8 | 16): string {
  const hex = digits.toLowerCase()
  if (!/^[0-9a-f]*$/.test(hex) || hex.length !== 2 * length) {
    throw new Refusal('invalid-parameter', `A ${key} has ${length} bytes.`)
  }
  return key === 'trace_id' ? `tr-${hex}` : hex
}

/** The bytes of an id, or of base64. */
export function toBytes(message: WireMessage, key: string, text: string): Uint8Array {
  if (idLength(message, key) === null) {
    const bytes = new Uint8Array(protobuf.util.base64.length(text))
    protobuf.util.base64.decode(text, bytes, 0)
    return bytes
  }
  const hex = text.replace(/^tr-/, '')
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
