import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../../server/config/config-types.ts'
import { type Asked, type Explanation, explainRequest } from '../explain/explanation.ts'
import { factsGiven, type GivenFacts, joinFacts } from '../explain/given-facts.ts'
import type { Expected, PolicyTest } from './policy-tests-schema.ts'

/** One thing that is not as expected. */
export interface Difference {
  readonly what: string
  readonly expected: unknown
  readonly found: unknown
}

/** What became of a case: without differences it is passed. */
export interface Outcome {
  readonly differences: readonly Difference[]
  readonly explanation: Explanation
}

const outcomes: ReadonlySet<string> = new Set(['allow', 'deny', 'answered', 'undecided'])

function expectedOf(expect: PolicyTest['expect']): Expected {
  if (typeof expect !== 'string') return expect
  return outcomes.has(expect) ? { decision: expect } : { decision: 'deny', reason: expect }
}

/** Method and path of a request that is written `GET registered-models/get?name=fraud`. */
export function readRequest(text: string): { readonly method: string; readonly target: string } {
  const [method = ''] = text.split(' ', 1)
  const path = text.slice(method.length).trim().replaceAll(' ', '%20')
  return { method, target: path.startsWith('/') ? path : `/api/2.0/mlflow/${path}` }
}

function askedBy({ groups = [], roles = [], environment, mode, request, body = '' }: PolicyTest): Asked {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { ...readRequest(request), groups: [...roles, ...groups], environment: environment ?? null, mode, body: text }
}

const parametersOf = (target: string) => Object.fromEntries(new URL(target, 'http://mlflow').searchParams)

/** Those of a value's keys that are expected, so that only they are compared; lists are compared whole. */
function within(found: unknown, expected: unknown): unknown {
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) return found
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return found
  const entries = Object.entries(found).filter(([key]) => Object.hasOwn(expected, key))
  return Object.fromEntries(entries.map(([key, value]) => [key, within(value, Reflect.get(expected, key))]))
}

function compareUpstream({ upstream }: Explanation, text: string): Difference[] {
  const { method, target } = readRequest(text)
  const [path, foundPath] = [target.split('?')[0], upstream?.target.split('?')[0]]
  if (upstream === null || upstream.method !== method || foundPath !== path) {
    return [
      { what: 'upstream', expected: `${method} ${path}`, found: upstream === null ? null : `${upstream.method} ${foundPath}` },
    ]
  }
  const expected = parametersOf(target)
  const found = within(parametersOf(upstream.target), expected)
  return isDeepStrictEqual(found, expected) ? [] : [{ what: 'parameters', expected, found }]
}

function compare(explanation: Explanation, expected: Expected): Difference[] {
  const { decision, reason, message, way, makes, upstream } = explanation
  const plain: [what: string, expected: unknown, found: unknown][] = [
    ['decision', expected.decision, decision],
    ['reason', expected.reason, reason],
    ['environment', expected.environment, way?.environment.name ?? null],
    ['endpoint', expected.endpoint, way?.endpoint.name ?? null],
    ['makes', expected.makes, makes],
  ]
  const body: unknown = upstream?.body == null ? null : JSON.parse(upstream.body)
  if (expected.body !== undefined) plain.push(['body', expected.body, within(body, expected.body)])
  const holds = expected.message === undefined || message?.includes(expected.message) === true
  return [
    ...plain.flatMap(([what, wanted, found]) =>
      wanted === undefined || isDeepStrictEqual(wanted, found) ? [] : [{ what, expected: wanted, found }],
    ),
    ...(holds ? [] : [{ what: 'message', expected: expected.message, found: message }]),
    ...(expected.upstream === undefined ? [] : compareUpstream(explanation, expected.upstream)),
  ]
}

/** Decides about the request of a case, and compares. Throws FactsError. */
export async function runPolicyTest(config: Config, common: GivenFacts, test: PolicyTest): Promise<Outcome> {
  const facts = factsGiven(config, joinFacts(common, test.facts ?? {}))
  const explanation = await explainRequest(config, askedBy(test), () => facts)
  return { explanation, differences: compare(explanation, expectedOf(test.expect)) }
}
