import { otlpMessages } from '../generated/otlp-messages.ts'
import type { Field, FieldType } from '../messages/field.ts'
import { jsonName } from '../messages/json-name.ts'
import type { WireField, WireType } from './wire-field.ts'

/** A message of OpenTelemetry's protocol: its fields by name, by either spelling, and by number. */
export interface WireMessage {
  readonly name: string
  readonly fields: ReadonlyMap<string, WireField>
  readonly spellings: ReadonlyMap<string, string>
  readonly names: ReadonlyMap<number, string>
}

const messages = new Map(Object.entries(otlpMessages).map(([name, fields]) => [name, makeMessage(name, fields)]))

function makeMessage(name: string, fields: Readonly<Record<string, WireField>>): WireMessage {
  return {
    name,
    fields: new Map(Object.entries(fields)),
    spellings: new Map(Object.keys(fields).flatMap((key) => [[key, key] as const, [jsonName(key), key] as const])),
    names: new Map(Object.entries(fields).map(([key, { id }]) => [id, key])),
  }
}

/** The message of a full name. Throws Error for one that the protocol does not have. */
export function wireMessage(name: string): WireMessage {
  const message = messages.get(name)
  if (message === undefined) throw new Error(`there is no message '${name}'`)
  return message
}

const fieldType = (type: WireType): FieldType => (type === 'fixed32' ? 'uint32' : type === 'fixed64' ? 'uint64' : type)

/** A field as the endpoint table's tests and decisions know fields. */
function toField({ type, message, values, repeated, oneof }: WireField): Field {
  return {
    type: fieldType(type),
    ...(message === undefined ? {} : { message }),
    ...(values === undefined ? {} : { values: Object.keys(values) }),
    ...(repeated === true ? { repeated } : {}),
    ...(oneof === undefined ? {} : { oneof }),
  }
}

/** The protocol's messages in the form of MLflow's. */
export const otlpShapes: Readonly<Record<string, Readonly<Record<string, Field>>>> = Object.fromEntries(
  [...messages].map(([name, { fields }]) => [name, Object.fromEntries([...fields].map(([key, field]) => [key, toField(field)]))]),
)
