import type { Environment } from '../../policy/environments/environment.ts'
import type { Config } from '../config/config-types.ts'
import type { Probe } from './probe.ts'

/** Somebody who was let into the upstream, and in whose name it can be asked. */
export interface Asker {
  /** What it is asked with; null: without credentials. */
  readonly authorization: string | null
  /** What the upstream calls them: of a service principal the application id. Null where it does not say. */
  readonly name: string | null
  /** Whether they may do everything in the workspace. */
  readonly admin: boolean
}

/** An environment with who works in it upstream; null: nobody who was let in. */
export interface Staffed {
  readonly environment: Environment
  readonly asker: Asker | null
  /** Whether callers work there with their own tokens. */
  readonly passthrough: boolean
}

/** What a look at an upstream starts from. */
export interface Examination {
  readonly config: Config
  readonly probe: Probe
  readonly staff: readonly Staffed[]
  /** The first of them who was let in. */
  readonly anybody: Asker | null
  /** The token of a caller, where one is given. */
  readonly caller: string | null
}
