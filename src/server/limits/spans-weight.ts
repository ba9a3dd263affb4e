/** Bytes of memory per byte of an export, per message and per other field: an empty message was measured at 670. */
const weights = { byte: 6, message: 700, field: 120 } as const

type Kind =
  | 'export'
  | 'resourceSpans'
  | 'resource'
  | 'scopeSpans'
  | 'scope'
  | 'span'
  | 'event'
  | 'link'
  | 'pair'
  | 'value'
  | 'list'
  | 'pairs'

/** Fields of OpenTelemetry's messages that are messages; those left out contain no further messages that matter. */
const inner: Readonly<Record<Kind, Readonly<Record<number, Kind>>>> = {
  export: { 1: 'resourceSpans' },
  resourceSpans: { 1: 'resource', 2: 'scopeSpans' },
  resource: { 1: 'pair' },
  scopeSpans: { 1: 'scope', 2: 'span' },
  scope: { 3: 'pair' },
  span: { 9: 'pair', 11: 'event', 13: 'link' },
  event: { 3: 'pair' },
  link: { 4: 'pair' },
  pair: { 2: 'value' },
  value: { 5: 'list', 6: 'pairs' },
  list: { 1: 'value' },
  pairs: { 1: 'pair' },
}

/** Bytes of fixed length by wire type. */
const fixed: Readonly<Record<number, number>> = { 1: 8, 5: 4 }

/** Counts the fields of an export of spans without parsing it. Invalid protobuf is counted up to the error. */
class FieldCounter {
  messages = 0
  fields = 0
  #at = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#count('export')
  }

  /** One loop over all levels, so that no depth is a problem. */
  #count(kind: Kind): void {
    const open: { readonly kind: Kind; readonly end: number }[] = [{ kind, end: this.#bytes.length }]
    while (open.length > 0 && this.#at < this.#bytes.length) {
      const top = open.at(-1)
      if (top === undefined || this.#at >= top.end) {
        open.pop()
        continue
      }
      const tag = this.#varint()
      this.fields += 1
      const wireType = tag & 7
      if (wireType === 0) this.#varint()
      else if (wireType !== 2) this.#at += fixed[wireType] ?? this.#bytes.length
      else {
        const length = this.#varint()
        const below = inner[top.kind][tag >>> 3]
        if (below === undefined) this.#at += length
        else {
          this.messages += 1
          open.push({ kind: below, end: Math.min(this.#at + length, top.end) })
        }
      }
    }
  }

  #varint(): number {
    let value = 0
    for (let factor = 1; this.#at < this.#bytes.length; factor *= 128) {
      const byte = this.#bytes[this.#at++] ?? 0
      value += (byte & 0x7f) * factor
      if (byte < 0x80) break
    }
    return value
  }
}

/** Memory cost in bytes of an export of spans in protobuf, from receiving it to writing it again. */
export function spansWeight(bytes: Uint8Array): number {
  const { messages, fields } = new FieldCounter(bytes)
  return bytes.length * weights.byte + messages * weights.message + fields * weights.field
}
