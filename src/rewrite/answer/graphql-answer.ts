import { type GraphQLOutputType, type GraphQLResolveInfo, getNamedType, isListType, isNonNullType } from 'graphql'
import { longString, messageOf } from '../../policy/graphql/schema.ts'
import type { Field } from '../../policy/messages/field.ts'
import { type Json, JsonNumber, type JsonObject } from '../../policy/messages/json/json.ts'
import { shapeOf } from '../../policy/messages/message-shape.ts'

/** What MLflow's GraphQL says for a field that its message does not hold: protobuf's default. */
function defaultOf({ type, repeated }: Field): Json {
  if (repeated === true) return []
  if (type === 'message') return new Map()
  if (type === 'string') return ''
  if (type === 'bool') return false
  return type === 'enum' || type === 'json' ? null : new JsonNumber('0')
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type)
}

function shown(value: Json, leaf: string): unknown {
  if (value instanceof JsonNumber) return leaf === longString ? value : Number(value.text)
  // NaN and the infinities, which no number of GraphQL is.
  if (leaf === 'Float' && typeof value === 'string') return null
  return value
}

/** A field of an answer, which is in the caller's names already, as GraphQL says it: a message's fields in camelCase, with defaults. */
export function graphqlValue(source: JsonObject, { parentType, fieldName, returnType }: GraphQLResolveInfo): unknown {
  const message = messageOf(parentType)
  if (message === null) return source.get(fieldName) ?? null
  const { fields, spellings } = shapeOf(message)
  const name = spellings.get(fieldName)
  const field = name === undefined ? undefined : fields.get(name)
  if (name === undefined || field === undefined) return null
  const value = source.get(name) ?? defaultOf(field)
  const leaf = getNamedType(returnType).name
  if (isList(returnType)) return Array.isArray(value) ? value.map((item) => shown(item, leaf)) : null
  return shown(value, leaf)
}
