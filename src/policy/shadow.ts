import type { DecodedRequest } from './decoded-request.ts'
import type { Environment, PolicyConfig } from './environments/environment.ts'
import { receives } from './promotions/promotion-rule.ts'
import type { Reason, Refusal } from './reasons.ts'

/** What protects versions in Production. Everything else says whose a thing is, or what can be read at all: it is refused in shadow, too. */
const productionRules: ReadonlySet<Reason> = new Set<Reason>(['stage', 'production-version', 'frozen'])

/** Whether nothing of an environment that enforces its rules depends on those about versions in Production. */
function isFree(config: PolicyConfig, { name }: Environment): boolean {
  const { environments } = config
  return environments.every(
    (other) => other.name === name || other.enforcement === 'shadow' || !(other.production || receives(config, other, { name })),
  )
}

/**
 * The request as it would be decided about without the rule that refused it, in an environment in shadow; null: it stays refused. The
 * environment has the same names. It promotes from no other one, so that nothing of another environment is in reach.
 */
export function withoutOwnRules(
  config: PolicyConfig,
  environment: Environment,
  request: DecodedRequest,
  { reason }: Refusal,
): { readonly environment: Environment; readonly request: DecodedRequest } | null {
  const free = isFree(config, environment)
  const isReader = reason === 'read-only' && request.reader === true
  if (!isReader && !(free && productionRules.has(reason))) return null
  return {
    environment: { ...environment, production: environment.production || free, promotesFrom: [] },
    request: { ...request, reader: false },
  }
}
