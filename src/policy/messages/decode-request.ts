import type { OpenEndpoint } from '../endpoints/endpoint.ts'
import type { UpstreamKind } from '../environments/environment.ts'
import { atOnce, type Turns } from '../turns.ts'
import { copiedInRequest } from './copied-rows.ts'
import { type DecodeOptions, decodeCallInTurns, decodeOpaqueInTurns, type RawCall } from './decode-call.ts'
import type { JsonObject } from './json/json.ts'

/** What the configuration says of how requests are read. */
export interface ReadingRules {
  readonly kind?: UpstreamKind
  readonly unknownFields: DecodeOptions['unknownFields']
}

/** The one reading of a request to an endpoint of the table. Throws Refusal as `decodeCall`. */
export function decodeRequest(endpoint: OpenEndpoint, raw: RawCall, rules: ReadingRules): JsonObject {
  return atOnce(decodeRequestInTurns(endpoint, raw, rules))
}

/** The same with rests, for a body of any size. */
export function* decodeRequestInTurns(
  endpoint: OpenEndpoint,
  raw: RawCall,
  { kind, unknownFields }: ReadingRules,
): Turns<JsonObject> {
  const { opaque, bytes, request, required } = endpoint
  if (opaque === true) return yield* decodeOpaqueInTurns(raw)
  const body = bytes === 'up' || bytes === 'both' ? 'bytes' : 'json'
  const copied = copiedInRequest(endpoint)
  return yield* decodeCallInTurns(request, raw, { unknownFields, body, deleteByQuery: kind === 'databricks', required, copied })
}
