import protobuf from 'protobufjs/minimal.js'
import { type Json, JsonNumber, type JsonObject } from '../messages/json/json.ts'
import { toBytes } from './attribute-values.ts'
import type { WireField } from './wire-field.ts'
import { type WireMessage, wireMessage } from './wire-message.ts'

/** The bytes of a message that `readWire` or `readOtlpJson` made. Throws TypeError for another. */
export function writeWire(name: string, message: JsonObject): Uint8Array {
  const writer = protobuf.Writer.create()
  writeMessage(wireMessage(name), message, writer)
  return writer.finish()
}

function writeMessage(message: WireMessage, values: JsonObject, writer: protobuf.Writer): void {
  for (const [key, value] of values) {
    const field = message.fields.get(key)
    if (field === undefined) continue
    for (const item of field.repeated === true && Array.isArray(value) ? value : [value])
      writeValue(message, key, field, item, writer)
  }
}

const wrong = () => new TypeError('a value is not of its field’s type')
const textOf = (value: Json): string => {
  if (typeof value === 'string') return value
  if (value instanceof JsonNumber) return value.text
  throw wrong()
}

function writeValue(message: WireMessage, key: string, field: WireField, value: Json, writer: protobuf.Writer): void {
  const begin = (frame: 0 | 1 | 2 | 5) => writer.uint32(((field.id << 3) | frame) >>> 0)
  switch (field.type) {
    case 'message': {
      if (!(value instanceof Map)) throw wrong()
      begin(2).fork()
      writeMessage(wireMessage(field.message ?? ''), value, writer)
      writer.ldelim()
      return
    }
    case 'string':
      begin(2).string(textOf(value))
      return
    case 'bytes':
      begin(2).bytes(toBytes(message, key, textOf(value)))
      return
    case 'bool':
      begin(0).bool(value === true)
      return
    case 'double':
      begin(1).double(Number(textOf(value)))
      return
    case 'int64':
      begin(0).int64(textOf(value))
      return
    case 'fixed64':
      begin(1).fixed64(textOf(value))
      return
    case 'fixed32':
      begin(5).fixed32(Number(textOf(value)))
      return
    case 'uint32':
      begin(0).uint32(Number(textOf(value)))
      return
    case 'int32':
    case 'enum':
      begin(0).int32(Number(textOf(value)))
  }
}
