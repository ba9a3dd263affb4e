import type { ServingLimits } from '../../environments/environment.ts'
import type { EvaluationContext } from '../../evaluation-context.ts'
import type { Meaning } from '../../meanings/meaning-table.ts'
import { type Json, JsonNumber, type JsonObject } from '../../messages/json/json.ts'
import { objectsIn, placesMeaning } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'

/** The most requests at once of Databricks' sizes (databricks-sdk's `ServedEntityInput.workload_size`). */
const sizes: Readonly<Record<string, number>> = { Small: 4, Medium: 16, Large: 64 }

/** The fields of a served entity by their limit; the minimum of a range has no effect without its maximum. */
const ranges = [
  ['concurrency', 'max_provisioned_concurrency', 'min_provisioned_concurrency'],
  ['throughput', 'max_provisioned_throughput', 'min_provisioned_throughput'],
  ['modelUnits', 'provisioned_model_units', null],
] as const

function refuse(key: keyof ServingLimits | 'servingModels.workloadTypes', environment: string, sentence: string): Refusal {
  return new Refusal(
    'serving-limit',
    `${sentence} (The configuration limits environment '${environment}' by ${key.includes('.') ? key : `servingLimits.${key}`}: for more, ask the operators of the proxy.)`,
  )
}

function numberOf(value: Json | undefined): number | null {
  if (value === undefined || value === null) return null
  return value instanceof JsonNumber || typeof value === 'string'
    ? Number(value instanceof JsonNumber ? value.text : value)
    : Number.NaN
}

function isWithin(value: Json | undefined, most: number): boolean {
  const number = numberOf(value)
  return number !== null && number <= most
}

function checkSize(entity: JsonObject, environment: string, most: number): void {
  const size = entity.get('workload_size')
  const fitting = Object.keys(sizes).filter((name) => (sizes[name] ?? 0) <= most)
  if (typeof size !== 'string' || size === '' || fitting.some((name) => name.toLowerCase() === size.toLowerCase())) return
  throw refuse(
    'concurrency',
    environment,
    `The workload_size '${size.slice(0, 64)}' is for more than ${most} concurrent requests. Choose ${fitting.map((name) => `'${name}'`).join(' or ') || 'max_provisioned_concurrency'}.`,
  )
}

/** Throws Refusal `serving-limit` for a served entity that asks for more than the environment may have. */
export function checkServedLimits(
  { environment: { name, servingLimits = {}, servingModels } }: EvaluationContext,
  entity: JsonObject,
): void {
  for (const [limit, greatest, least] of ranges) {
    const most = servingLimits[limit]
    if (most === undefined) continue
    const needsGreatest = entity.has(greatest) || (least !== null && entity.has(least))
    if (needsGreatest && !isWithin(entity.get(greatest), most)) throw refuse(limit, name, `Set '${greatest}' to at most ${most}.`)
  }
  const { concurrency, modelUnits } = servingLimits
  const workloadTypes = servingModels?.workloadTypes
  if (concurrency !== undefined) checkSize(entity, name, concurrency)
  // By default Databricks scales beyond the provisioned capacity.
  if (modelUnits !== undefined && entity.has('provisioned_model_units') && entity.get('burst_scaling_enabled') !== false)
    throw refuse('modelUnits', name, "Set 'burst_scaling_enabled' to false: it exceeds the provisioned model units.")
  const type = entity.get('workload_type')
  if (workloadTypes !== undefined && typeof type === 'string' && type !== '' && !workloadTypes.includes(type))
    throw refuse(
      'servingModels.workloadTypes',
      name,
      `The workload_type '${type.slice(0, 64)}' is not allowed: choose ${workloadTypes.join(' or ')}.`,
    )
}

function limitsWhole(limit: JsonObject, field: 'calls' | 'tokens', most: number): boolean {
  const key = limit.get('key') ?? 'endpoint'
  return (key === 'endpoint' || key === '') && isWithin(limit.get(field), most)
}

/** An endpoint's rate limits in a request: those of its AI gateway, and the older ones from before it existed. */
function saidLimits({ endpoint, message }: EvaluationContext) {
  const placed = (meaning: Meaning) => placesMeaning(endpoint, message, meaning).map(({ value }) => value)
  const inGateway = placed('aiGateway').flatMap((value) => (value instanceof Map ? [value.get('rate_limits')] : []))
  return {
    ofGateway: [...inGateway, ...placed('gatewayRateLimits')].flatMap(objectsIn),
    older: placed('olderRateLimits').flatMap(objectsIn),
  }
}

/** Throws Refusal `serving-limit` unless a new endpoint, or one whose gateway is set, has the environment's limits. */
export function checkRateLimits(context: EvaluationContext): void {
  const { name, servingLimits = {} } = context.environment
  const meanings = Object.values(context.endpoint.fields)
  const setsGateway = meanings.includes('aiGateway') || meanings.includes('gatewayRateLimits')
  const { ofGateway, older } = saidLimits(context)
  for (const [limit, field] of [
    ['callsPerMinute', 'calls'],
    ['tokensPerMinute', 'tokens'],
  ] as const) {
    const most = servingLimits[limit]
    if (most === undefined) continue
    if (older.length > 0) throw refuse(limit, name, 'Set rate limits in ai_gateway.rate_limits, which replace these.')
    if (!setsGateway || ofGateway.some((each) => limitsWhole(each, field, most))) continue
    const entry = `{"key": "endpoint", "renewal_period": "minute", "${field}": ${most}}`
    throw refuse(limit, name, `Add an entry ${entry}, or one with less, to the rate_limits of the endpoint's AI gateway.`)
  }
}
