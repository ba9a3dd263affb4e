import {
  buildSchema,
  GraphQLError,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInputObjectType,
  isScalarType,
  Kind,
} from 'graphql'
import { graphqlSchema } from '../generated/graphql-schema.ts'
import { JsonNumber } from '../messages/json/json.ts'
import { hasShape } from '../messages/message-shape.ts'

/** The scalar in which int64 values travel. */
export const longString = 'LongString'

function readLong(value: unknown): JsonNumber {
  const text = value instanceof JsonNumber ? value.text : String(value)
  if (!/^-?[0-9]{1,19}$/.test(text)) throw new GraphQLError('LongString cannot represent a value that is not a whole number.')
  return new JsonNumber(text)
}

function makeSchema(): GraphQLSchema {
  const schema = buildSchema(graphqlSchema)
  const long = schema.getType(longString)
  if (!isScalarType(long)) throw new Error(`MLflow's GraphQL has no ${longString}`)
  long.serialize = (value) => (value instanceof JsonNumber ? value.text : String(value))
  long.parseValue = readLong
  long.parseLiteral = (node) => readLong(node.kind === Kind.INT ? node.value : null)
  return schema
}

/** MLflow's GraphQL, as any described server has it. */
export const schema: GraphQLSchema = makeSchema()

/**
 * The message of MLflow's REST API that a type of its GraphQL stands for; null for types that it has besides. MLflow generates its
 * GraphQL from the same protobuf: `MlflowGetRunInput` is `mlflow.GetRun`, `MlflowRunExtension` is `mlflow.Run` with two joins.
 */
export function messageOf(type: GraphQLNamedType): string | null {
  const [, base] = /^Mlflow(\w+)$/.exec(type.name) ?? []
  if (base === undefined) return null
  const plain = isInputObjectType(type) ? base.replace(/Input$/, '') : base.replace(/Extension$/, '')
  const name = `mlflow.${plain.replace(/Response$/, '.Response')}`
  return hasShape(name) ? name : null
}
