import {
  type DocumentNode,
  GraphQLError,
  Kind,
  Lexer,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  Source,
  specifiedRules,
  TokenKind,
  validate,
} from 'graphql'
import type { JsonObject } from '../messages/json/json.ts'
import { Refusal } from '../reasons.ts'
import { plainVariables } from './argument-values.ts'
import { overLimit } from './limits.ts'
import { schema } from './schema.ts'

/** Words of a document, and brackets that are open at once, at most: the parser goes as deep as they do. */
const most = { tokens: 10_000, brackets: 40 } as const
const opening: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L])
const closing: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R])
const rules = [...specifiedRules, NoSchemaIntrospectionCustomRule]

/** One operation of GraphQL that MLflow's schema knows. */
export interface Operation {
  readonly document: DocumentNode
  readonly variables: Readonly<Record<string, unknown>>
}

/** Why a document is not carried out, said as GraphQL says it: in an answer with status 200. */
export interface Faults {
  readonly faults: readonly string[]
}

function checkNesting(text: string): void {
  const lexer = new Lexer(new Source(text))
  let open = 0
  for (let { kind } = lexer.advance(); kind !== TokenKind.EOF; { kind } = lexer.advance()) {
    if (opening.has(kind)) open += 1
    if (closing.has(kind)) open -= 1
    if (open > most.brackets) throw new Refusal('malformed', 'The GraphQL is nested too deeply. Request less at once.')
  }
}

function parseDocument(text: string): DocumentNode {
  try {
    checkNesting(text)
    return parse(text, { maxTokens: most.tokens, noLocation: true })
  } catch (error) {
    if (error instanceof GraphQLError) throw new Refusal('malformed', `The GraphQL cannot be parsed. ${error.message}`)
    throw error
  }
}

function theOperation({ definitions }: DocumentNode): OperationDefinitionNode {
  const operations = definitions.flatMap((node) => (node.kind === Kind.OPERATION_DEFINITION ? [node] : []))
  const [operation, ...others] = operations
  if (operation === undefined || others.length > 0 || operation.operation === 'subscription')
    throw new Refusal('malformed', 'The GraphQL must contain exactly one query or mutation. Send each in a request of its own.')
  return operation
}

/**
 * The one operation of a decoded GraphQL request. Throws Refusal `malformed` for a document that is none, or is more than one; what
 * MLflow's own server would say of a document comes back as faults.
 */
export function readOperation(message: JsonObject): Operation | Faults {
  const [query, name, variables] = [message.get('query'), message.get('operation_name'), message.get('variables') ?? null]
  if (typeof query !== 'string') throw new Refusal('invalid-parameter', "Missing value for required parameter 'query'.")
  if (variables !== null && !(variables instanceof Map))
    throw new Refusal('malformed', "The 'variables' of GraphQL must be a JSON object.")
  const document = parseDocument(query)
  const operation = theOperation(document)
  if (typeof name === 'string' && name !== '' && name !== operation.name?.value)
    throw new Refusal('malformed', "The 'operationName' is not the name of the operation in the GraphQL.")
  const over = overLimit(document)
  if (over !== null) return { faults: [over] }
  const errors = validate(schema, document, rules, { maxErrors: 10 })
  if (errors.length > 0) return { faults: errors.map((error) => error.message) }
  return { document, variables: plainVariables(variables ?? new Map()) }
}
