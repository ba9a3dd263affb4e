import type { Random } from '../../fuzz/random.ts'
import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import type { Grant } from '../../src/policy/grant.ts'
import type { Field } from '../../src/policy/messages/field.ts'
import { type Json, JsonNumber, type JsonObject } from '../../src/policy/messages/json/json.ts'
import { hasShape, shapeOf } from '../../src/policy/messages/message-shape.ts'
import { undescribedMessages } from '../../src/policy/messages/undescribed-messages.ts'
import { rowOf } from '../attacks/answer-rows.ts'
import { grantOf, judge } from '../fakes/fake-fact-source.ts'
import { goodMessage } from '../fixtures/full-message.ts'
import type { Tenancy } from '../fixtures/tenancy.ts'

const whole = ['0', '1', '-1', '1764489474000', '9007199254740993']
/** Texts of numbers that are copied. */
export const numbers = [...whole, '0.5', '-1.5e-07']

/** In which order MLflow writes the fields of runs and of what was measured; all others come first. */
const asWritten = [
  ...['info', 'data', 'inputs', 'outputs', 'metrics', 'params', 'tags', 'dataset_inputs', 'model_inputs', 'dataset'],
  ...['run_uuid', 'experiment_id', 'run_name', 'user_id', 'status', 'start_time', 'end_time', 'artifact_uri', 'lifecycle_stage'],
  ...['name', 'digest', 'source_type', 'source', 'schema', 'profile'],
  ...['key', 'value', 'timestamp', 'step', 'dataset_name', 'dataset_digest', 'model_id', 'run_id'],
]

/** A message with every field, of the caller's own mostly, and everything inside it. */
export function drawMessage(message: string, tenancy: Tenancy, random: Random, depth = 0): JsonObject {
  const [caller, , other] = tenancy.places
  const row = rowOf(message, random.once(20) ? other : caller, 'text\n"x"')
  const drawn = [...shapeOf(message).fields].flatMap(([name, field]): [string, Json][] => {
    const value = row.get(name) ?? drawValue(field, tenancy, random, depth)
    return value === null || random.once(25) ? [] : [[name, value]]
  })
  const place = (name: string) => asWritten.indexOf(name)
  // What MLflow writes without protobuf is sorted.
  return new Map(drawn.sort(([a], [b]) => (message in undescribedMessages ? a.localeCompare(b) : place(a) - place(b))))
}

function drawValue({ type, message, repeated, map }: Field, tenancy: Tenancy, random: Random, depth: number): Json {
  const one = (): Json => {
    if (type === 'bool') return random.once(2)
    if (type === 'enum') return 'READY'
    if (type !== 'message') return type === 'string' ? 'text' : new JsonNumber(random.pick(type === 'double' ? numbers : whole))
    return message !== undefined && hasShape(message) ? drawMessage(message, tenancy, random, depth + 1) : new Map()
  }
  if (type === 'message' && depth > 4) return null
  const many = Array.from({ length: random.below(depth > 2 ? 3 : 4) }, one)
  return map ? new Map(many.map((item, at) => [`key ${at}`, item])) : repeated ? many : one()
}

/** The grant of a good request of an administrator of the first environment. */
export function grantFor(tenancy: Tenancy, endpoint: OpenEndpoint): Grant {
  const [caller] = tenancy.places
  const message = goodMessage(endpoint, caller)
  const request = { endpointName: endpoint.name, endpoint, message, mode: tenancy.mode, administrator: true }
  return grantOf(judge(tenancy.config, caller.environment, request, tenancy.facts))
}
