import { databricksMessages } from '../generated/databricks-messages.ts'
import { messages } from '../generated/messages.ts'
import { otlpShapes } from '../otlp/wire-message.ts'
import { credentialMessages } from './credential-messages.ts'
import type { Field } from './field.ts'
import { jsonName } from './json-name.ts'
import { undescribedFields, undescribedMessages } from './undescribed-messages.ts'

/** A message: its fields by their snake_case names, and those names by either of their spellings. */
export interface Shape {
  readonly name: string
  readonly fields: ReadonlyMap<string, Field>
  readonly spellings: ReadonlyMap<string, string>
}

const shapes: ReadonlyMap<string, Shape> = new Map(
  Object.entries({ ...otlpShapes, ...messages, ...databricksMessages, ...credentialMessages, ...undescribedMessages }).map(
    ([name, fields]) => [name, makeShape(name, { ...fields, ...undescribedFields[name] })],
  ),
)

function makeShape(name: string, fields: Readonly<Record<string, Field>>): Shape {
  const spellings = Object.keys(fields).flatMap((field) => [[field, field] as const, [jsonName(field), field] as const])
  return { name, fields: new Map(Object.entries(fields)), spellings: new Map(spellings) }
}

/** The shape of a message by its full name. Throws Error for a name that neither MLflow nor `undescribed-messages.ts` has. */
export function shapeOf(message: string): Shape {
  const shape = shapes.get(message)
  if (shape === undefined) throw new Error(`there is no message '${message}'`)
  return shape
}

/** Whether a message of this name is known. */
export function hasShape(message: string): boolean {
  return shapes.has(message)
}

const reached = new Map<string, ReadonlySet<string>>()

/** The messages that a message holds at any depth, itself among them. */
export function reachableMessages(message: string): ReadonlySet<string> {
  const known = reached.get(message)
  if (known !== undefined) return known
  const found = new Set([message])
  // A set grows while it is gone through.
  for (const name of found)
    for (const { message: inner } of shapeOf(name).fields.values()) if (inner !== undefined && hasShape(inner)) found.add(inner)
  reached.set(message, found)
  return found
}

/** The field at a selector such as `run_id` or `metrics[].model_id`; undefined where the message has no such field. */
export function fieldOf(message: string, selector: string): Field | undefined {
  const [head = '', ...rest] = selector.split('.')
  const inList = head.endsWith('[]')
  const field = shapeOf(message).fields.get(inList ? head.slice(0, -2) : head)
  if (field === undefined || (inList && !field.repeated)) return undefined
  if (rest.length === 0) return field
  if (field.message === undefined || field.map || (field.repeated && !inList)) return undefined
  return fieldOf(field.message, rest.join('.'))
}
