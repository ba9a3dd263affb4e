import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import type { ClientMode, ServerKind } from '../../src/policy/environments/environment.ts'
import { shapeOf } from '../../src/policy/messages/message-shape.ts'
import { planOf } from '../../src/rewrite/answer/answer-plan.ts'

/** Every kind of upstream with the modes of its clients. */
export const upstreams: readonly (readonly [ServerKind, ClientMode])[] = [
  ['mlflow', 'http'],
  ['databricks', 'http'],
  ['databricks', 'databricks'],
  ['unityCatalog', 'http'],
  ['unityCatalog', 'databricks'],
]

/** The endpoints whose own messages an upstream answers with. */
export function answeredEndpoints(kind: ServerKind, mode: ClientMode): OpenEndpoint[] {
  return [...endpointTable(kind, mode).open.values()].filter(({ asks }) => asks === undefined)
}

/** One step into an answer: through a field of a message, which holds one message, a list or a map. */
export interface Step {
  readonly message: string
  readonly field: string
  readonly holds: 'one' | 'list' | 'map'
}

/** Where a message stands in an answer. */
export interface AnswerPlace {
  readonly message: string
  readonly steps: readonly Step[]
}

/** Every place of a message in an answer, but below what is withheld. A message inside one of its own kind is the same again. */
export function placesIn(message: string, steps: readonly Step[] = []): AnswerPlace[] {
  const inner = [...shapeOf(message).fields].flatMap(([field, { message: held, repeated, map }]) => {
    const isKnown = held === message || steps.some((step) => step.message === held)
    if (held === undefined || isKnown || planOf(message).meaningOf(field) === 'withheld') return []
    const holds = map ? 'map' : repeated ? 'list' : 'one'
    return placesIn(held, [...steps, { message, field, holds }])
  })
  return [{ message, steps }, ...inner]
}

/** A place in words, such as `runs[].info`. */
export function placeText({ steps }: AnswerPlace): string {
  return steps.map(({ field, holds }) => `${field}${{ one: '', list: '[]', map: '{}' }[holds]}`).join('.') || 'the answer itself'
}
