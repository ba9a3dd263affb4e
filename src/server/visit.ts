import type { ClientMode, Environment } from '../policy/environment.ts'
import type { Principal } from '../policy/identity.ts'
import type { JsonObject } from '../policy/json.ts'
import type { Failure } from './failure.ts'
import type { OnGone } from './hiding/clock.ts'
import type { Trail } from './trail.ts'
import type { CallerCredentials } from './upstream-credentials.ts'

/** Who asks, and from where: settled before any endpoint is looked at. */
export interface Visit {
  readonly principal: Principal
  readonly environment: Environment
  /** Whether the caller is an administrator of the environment. */
  readonly administrator: boolean
  readonly mode: ClientMode
  readonly credentials: CallerCredentials
  readonly trail: Trail
  readonly onGone: OnGone
}

/** How a journey ends: an answer in the caller's names, or a failure of MLflow's own. */
export type Arrival = { readonly answer: JsonObject } | { readonly failure: Failure }
