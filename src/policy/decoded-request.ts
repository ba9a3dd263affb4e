import type { OpenEndpoint } from './endpoints/endpoint.ts'
import type { ClientMode } from './environments/environment.ts'
import type { JsonObject } from './messages/json/json.ts'
import type { VersionTag } from './promotions/promotion-tags.ts'

/** A decoded request of an environment's caller. */
export interface DecodedRequest {
  readonly endpointName: string
  readonly endpoint: OpenEndpoint
  readonly message: JsonObject
  /** The mode of the client that asks; left out: `http`. */
  readonly mode?: ClientMode
  /** Whether the caller is an administrator of the environment; left out: no. */
  readonly administrator?: boolean
  /** Whether the caller may only read and search there; left out: no. */
  readonly reader?: boolean
  /** The proxy itself carries out a promotion, with this record; left out: it is a caller's own request. */
  readonly record?: readonly VersionTag[] | undefined
}
