import type { Demand } from '../../endpoints/endpoint.ts'
import type { EvaluationContext } from '../../evaluation-context.ts'
import type { Json, JsonObject } from '../../messages/json/json.ts'
import { Refusal } from '../../reasons.ts'

function isMissing(value: Json | undefined): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
}

function isMet({ field, must }: Demand, message: JsonObject): boolean {
  const values = field.split('|').map((name) => message.get(name))
  if (must === 'given') return values.some((value) => !isMissing(value))
  if (must === 'present') return values.some((value) => value !== undefined)
  return values.every((value) => !Array.isArray(value) || value.length <= must)
}

function checkAll(demands: readonly Demand[] | undefined, message: JsonObject): void {
  const missed = demands?.find((demand) => !isMet(demand, message))
  if (missed === undefined) return
  const value = message.get(missed.field)
  const found = Array.isArray(value) ? value.length : 0
  throw new Refusal('invalid-parameter', missed.sentence.replace('{found}', String(found)))
}

/** What MLflow's handlers ask for by hand before they read anything else (mlflow/server/handlers.py). */
export function checkFirstDemands({ endpoint, message }: Pick<EvaluationContext, 'endpoint' | 'message'>): void {
  checkAll(endpoint.firstDemands, message)
}

/** MLflow's own validations, in addition to the required fields. */
export function checkDemands({ endpoint, message }: Pick<EvaluationContext, 'endpoint' | 'message'>): void {
  checkAll(endpoint.demands, message)
}
