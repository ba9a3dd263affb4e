import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import type { Meaning } from '../../src/policy/meanings/meaning-table.ts'
import type { JsonObject } from '../../src/policy/messages/json/json.ts'
import { fieldOf } from '../../src/policy/messages/message-shape.ts'
import { anyValue, catalogLevel, fullMessage, sayIn, setAt } from '../fixtures/full-message.ts'
import type { Belongings } from '../fixtures/tenancy.ts'

/** Another environment's reference in a field: what must come of it. `twin` is the same reference to something that does not exist. */
export interface Case {
  readonly value: unknown
  readonly verdict: string
  readonly twin?: unknown
  /** Refused without a question. */
  readonly withoutLookUps?: true
}

/** What is said of a caller, of the other environment, and of the endpoint that is asked. */
export interface CrossEnvironmentCase {
  readonly caller: Belongings
  readonly other: Belongings
  readonly endpoint: OpenEndpoint
  /** The field that the other environment's reference is put into. */
  readonly selector: string
}

export type Cases = (crossCase: CrossEnvironmentCase) => readonly Case[]

/** Whether an endpoint only reads. */
export const reads = ({ action }: OpenEndpoint) => action === 'read' || action === 'search'
/** Whether the caller's environment promotes models of the other one. */
export const promotes = ({ caller, other }: CrossEnvironmentCase) =>
  caller.environment.promotesFrom.includes(other.environment.name)
/** A foreign id and an absent one, said in some form. */
export const ids =
  (own: (other: Belongings) => string, absent: string, say: (id: string) => unknown = (id) => id): Cases =>
  ({ other }) => [{ value: say(own(other)), twin: say(absent), verdict: 'not-found' }]

/** The cases of several makers. */
export const both =
  (...cases: Cases[]): Cases =>
  (crossCase) =>
    cases.flatMap((make) => make(crossCase))
/** Nothing of another environment's can be said in it. */
export const nothing: Cases = () => []

/** Anything at all in a field, of the field's own type, so that it is refused for being said and not for its form. */
export const anything =
  (verdict: Case['verdict']): Cases =>
  ({ endpoint, selector }) => {
    const field = fieldOf(endpoint.request, selector)
    return [{ value: field === undefined ? 'x' : anyValue(field), verdict, withoutLookUps: true }]
  }

/** Whether only callers of a production environment may do it at all: whoever may manage a model or endpoint may move it to any stage. */
export function isForProduction({ resource, action }: OpenEndpoint): boolean {
  return resource === 'permissions' && action !== 'read'
}

/** A good request but for one field, into which `value` is put. */
export function crossCaseMessage(
  { caller, other, endpoint, selector }: CrossEnvironmentCase,
  meaning: Meaning,
  value: unknown,
): JsonObject {
  // A version's source and its run must agree, so they are tried one at a time.
  const without: Meaning[] = meaning === 'versionSource' ? ['relatedRun'] : meaning === 'relatedRun' ? ['versionSource'] : []
  const message = fullMessage(endpoint, caller, without, selector)
  if ('source' in endpoint.fields && without.includes('versionSource'))
    message.set('source', `${caller.environment.sourcePrefixes[0]}x`)
  setAt(message, selector, sayIn(endpoint, selector, value))
  // One thing that is said in several fields is said alike.
  const alike = (names: readonly string[], say: (name: string) => unknown) => {
    for (const name of names.includes(selector) ? names : []) if (message.has(name)) setAt(message, name, say(name))
  }
  alike(['run_id', 'run_uuid'], () => value)
  alike(['catalog_name', 'schema_name'], (name) => catalogLevel(other, name))
  return message
}
