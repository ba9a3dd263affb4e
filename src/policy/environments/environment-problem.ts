import type { Environment } from './environment.ts'

/** Why a landscape is refused. `key` is a key of the environment `environment`; `against` is the other environment, if one is involved. */
export interface EnvironmentProblem {
  readonly environment: string
  readonly key: keyof Environment
  readonly index: number | null
  readonly against: string | null
  readonly message: string
}

/** A problem of one environment. */
export function problem(
  environment: Environment,
  key: keyof Environment,
  message: string,
  about: Partial<EnvironmentProblem> = {},
): EnvironmentProblem {
  return { environment: environment.name, key, index: null, against: null, message, ...about }
}
