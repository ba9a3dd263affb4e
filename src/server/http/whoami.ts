import type { FastifyRequest } from 'fastify'
import { environmentsOf, isAdministrator, isReader } from '../../policy/environments/choose-environment.ts'
import { type PolicyConfig, usesCatalog } from '../../policy/environments/environment.ts'
import { resolveName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { environmentOf } from './request-hooks.ts'

/** What `/-/whoami` shows callers about themselves. */
export function whoami(config: PolicyConfig, request: FastifyRequest): Readonly<Record<string, unknown>> {
  const { authenticated } = request
  if (authenticated === null) return {}
  const { principal, overage } = authenticated
  const environments = environmentsOf(config, principal).map(({ name }) => name)
  const said = { ...principal, groupsIncomplete: overage, environments }
  try {
    const environment = environmentOf(config, request)
    const { name, experimentRoot, registrationStage, registrationAlias = null } = environment
    return {
      ...said,
      environment: name,
      administrator: isAdministrator(environment, principal),
      reader: isReader(environment, principal),
      models: `fraud is ${resolveName(config, environment, 'model', 'fraud').upstream}`,
      experiments: `churn is ${experimentRoot}/churn`,
      ...(usesCatalog(config) ? { registrationAlias } : { registrationStage }),
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { ...said, environment: null, why: error.message }
  }
}
