import protobuf from 'protobufjs/minimal.js'
import { type Json, JsonNumber, type JsonObject } from '../messages/json/json.ts'
import { Refusal } from '../reasons.ts'
import { Budget, fromBytes } from './attribute-values.ts'
import type { WireField, WireType } from './wire-field.ts'
import { type WireMessage, wireMessage } from './wire-message.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** How a value of each type is framed: as a varint, in eight bytes, with its length before it, or in four bytes. */
const frames: Readonly<Record<WireType, 0 | 1 | 2 | 5>> = {
  ...{ bool: 0, enum: 0, int32: 0, int64: 0, uint32: 0 },
  ...{ fixed64: 1, double: 1, string: 2, bytes: 2, message: 2, fixed32: 5 },
}

/** A message of the wire, with each value in its JSON form. Unknown fields are left out. Throws Refusal 'malformed' or 'too-large'. */
export function readWire(name: string, bytes: Uint8Array, budget = new Budget()): JsonObject {
  try {
    return readMessage(wireMessage(name), protobuf.Reader.create(bytes), budget)
  } catch (error) {
    if (error instanceof Refusal) throw error
    // What protobuf itself throws for bytes that end too soon, or are nothing of the kind.
    throw new Refusal('malformed', 'Invalid OpenTelemetry format: the body is not a valid protobuf message.')
  }
}

function readMessage(message: WireMessage, reader: protobuf.Reader, budget: Budget): JsonObject {
  const result: JsonObject = new Map()
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const key = message.names.get(tag >>> 3)
    const field = key === undefined ? undefined : message.fields.get(key)
    if (key === undefined || field === undefined || frames[field.type] !== (tag & 7)) {
      budget.spend()
      reader.skipType(tag & 7)
      continue
    }
    setField(message, result, key, field, readValue(message, key, field, reader, budget))
  }
  return result
}

/** Of a group of which one field is set, the last one counts. */
function setField(message: WireMessage, result: JsonObject, key: string, field: WireField, value: Json): void {
  const { repeated, oneof } = field
  if (repeated === true) {
    const list = result.get(key)
    if (Array.isArray(list)) list.push(value)
    else result.set(key, [value])
    return
  }
  if (oneof !== undefined) for (const [other, { oneof: group }] of message.fields) if (group === oneof) result.delete(other)
  result.set(key, value)
}

function readValue(message: WireMessage, key: string, field: WireField, reader: protobuf.Reader, budget: Budget): Json {
  budget.spend()
  switch (field.type) {
    case 'message':
      return budget.within(() => readMessage(wireMessage(field.message ?? ''), protobuf.Reader.create(reader.bytes()), budget))
    case 'string':
      return utf8.decode(reader.bytes())
    case 'bytes':
      return fromBytes(message, key, reader.bytes())
    case 'bool':
      return reader.bool()
    case 'double':
      return fromDouble(reader.double())
    case 'int64':
      return new JsonNumber(String(reader.int64()))
    case 'fixed64':
      return new JsonNumber(String(reader.fixed64()))
    case 'fixed32':
      return new JsonNumber(String(reader.fixed32()))
    case 'uint32':
      return new JsonNumber(String(reader.uint32()))
    case 'int32':
    case 'enum':
      return new JsonNumber(String(reader.int32()))
  }
}

function fromDouble(value: number): Json {
  if (!Number.isFinite(value)) return String(value)
  return new JsonNumber(Object.is(value, -0) ? '-0' : String(value))
}
