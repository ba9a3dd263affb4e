import schema from '../../../schema/policy-tests.schema.json' with { type: 'json' }
import type { ClientMode } from '../../policy/environments/environment.ts'
import { compileSchema } from '../../server/config/compile-schema.ts'
import type { SchemaNode } from '../../server/config/config-schema.ts'
import type { GivenFacts } from '../explain/given-facts.ts'
import { readDocument, type YamlDocument } from './read-document.ts'

/** What must come of a request; what is left out does not matter. The schema describes each key. */
export interface Expected {
  readonly decision?: string
  readonly reason?: string
  readonly message?: string
  readonly environment?: string
  readonly endpoint?: string
  readonly makes?: readonly string[]
  readonly upstream?: string
  readonly body?: Readonly<Record<string, unknown>>
}

/** One case as written. */
export interface PolicyTest {
  readonly name: string
  readonly groups?: readonly string[]
  readonly roles?: readonly string[]
  readonly environment?: string
  readonly mode: ClientMode
  readonly request: string
  readonly body?: string | Readonly<Record<string, unknown>>
  readonly facts?: GivenFacts
  readonly expect: string | Expected
}

interface PolicyTests {
  readonly config?: string
  readonly facts?: GivenFacts
  readonly cases: readonly PolicyTest[]
}

const testsSchema: SchemaNode = schema
const factsSchema: SchemaNode = { ...schema.definitions.facts, definitions: schema.definitions }

/** Reads a file of policy tests. Throws ConfigError. */
export function readPolicyTests(file: string): YamlDocument<PolicyTests> {
  return readDocument(file, compileSchema<PolicyTests>(testsSchema), testsSchema)
}

/** Reads facts from a file, or from the text itself where that is a map (`{ runs: […] }`). Throws ConfigError. */
export function readFacts(given: string): GivenFacts {
  const validate = compileSchema<GivenFacts>(factsSchema)
  const isText = given.trimStart().startsWith('{')
  return readDocument(isText ? '--facts' : given, validate, factsSchema, isText ? given : undefined).data
}
