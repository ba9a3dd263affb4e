import { answerOf as answerIn, type StoredFacts } from '../../src/commands/explain/stored-facts.ts'
import type { Decision } from '../../src/policy/decide.ts'
import { decide } from '../../src/policy/decide.ts'
import type { DecodedRequest } from '../../src/policy/decoded-request.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import type { ClientMode, Environment, PolicyConfig } from '../../src/policy/environments/environment.ts'
import type { Answer, FactQuery } from '../../src/policy/fact-query.ts'
import type { Grant } from '../../src/policy/grant.ts'
import { type Json, JsonNumber, type JsonObject } from '../../src/policy/messages/json/json.ts'
import type { Refusal } from '../../src/policy/reasons.ts'

/** Everything that an MLflow server of a test has. */
export type FakeFacts = StoredFacts

/** An environment with the defaults of the configuration. */
export function makeEnvironment(name: string, over: Partial<Environment> = {}): Environment {
  const production = over.production ?? false
  return {
    name,
    production,
    groups: [`apps_${name}`],
    modelSuffix: `_${name}`,
    experimentRoot: `/experiments/${name}`,
    registrationStage: production ? 'Production' : 'Staging',
    promotesFrom: [],
    gateway: true,
    sourcePrefixes: [`s3://${name}-bucket/models/`],
    ...over,
  }
}

/** acc, preprod and prod in a Databricks workspace with a registry of its own; `over` is what is special about acc. */
export function makeWorkspace(over: Partial<Environment> = {}) {
  const acc = makeEnvironment('acc', over)
  const preprod = makeEnvironment('preprod')
  const prod = makeEnvironment('prod', { production: true, promotesFrom: ['acc'] })
  const config: PolicyConfig = { environments: [acc, prod, preprod], foldsCase: false, kind: 'databricks' }
  return { acc, preprod, prod, config }
}

/** Plain values as the JSON of a decoded message. */
export function toJson(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || value instanceof JsonNumber) return value
  if (typeof value === 'number' || typeof value === 'bigint') return new JsonNumber(String(value))
  if (Array.isArray(value)) return value.map(toJson)
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [String(key), toJson(item)]))
  return new Map(Object.entries(Object(value)).map(([key, item]) => [key, toJson(item)]))
}

/** A decoded message of plain values. */
export function toMessage(fields: Readonly<Record<string, unknown>>): JsonObject {
  return new Map(Object.entries(fields).map(([key, value]) => [key, toJson(value)]))
}

/** The answer that a real MLflow would give to a question: in every environment somebody was before. */
export function answerOf(facts: FakeFacts, factQuery: FactQuery): Answer {
  return answerIn(facts, factQuery) ?? (factQuery.about === 'defaultExperiment' ? '777' : null)
}

/** A decision, and what was asked on the way to it. */
export interface Judged {
  readonly decision: Decision
  readonly questions: readonly FactQuery[]
}

/** Follows a decision to its end with fake facts. */
export function judge(config: PolicyConfig, caller: Environment, request: DecodedRequest, facts: FakeFacts): Judged {
  const evaluation = decide(config, caller, request)
  const questions: FactQuery[] = []
  let step = evaluation.next()
  while (!step.done) {
    questions.push(step.value)
    step = evaluation.next(answerOf(facts, step.value))
  }
  return { decision: step.value, questions }
}

/** A request of plain values to an endpoint of the table. */
export function requestTo(
  endpointName: string,
  fields: Readonly<Record<string, unknown>>,
  mode: ClientMode = 'http',
): DecodedRequest {
  const tables = [...(mode === 'http' ? [endpointTable('mlflow')] : []), endpointTable('databricks', mode)]
  const endpoint = tables.map(({ open }) => open.get(endpointName)).find((found) => found !== undefined)
  if (endpoint === undefined) throw new Error(`the table has no ${endpointName}`)
  return { endpointName, endpoint, message: toMessage(fields), mode }
}

/** The grant of a decision that must be one. */
export function grantOf({ decision }: Judged): Grant {
  if ('allow' in decision) return decision.allow
  throw new Error(`denied (${decision.deny.reason}): ${decision.deny.message}`)
}

/** The refusal of a decision, or null for a grant. */
export function refusalOf({ decision }: Judged): Refusal | null {
  return 'deny' in decision ? decision.deny : null
}

/** What a decision says, in a word: `allow`, or the reason of the refusal. */
export function verdictOf(judged: Judged): string {
  return refusalOf(judged)?.reason ?? 'allow'
}
