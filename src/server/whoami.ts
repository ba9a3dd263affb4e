import type { FastifyRequest } from 'fastify'
import { environmentsOf } from '../policy/choose-environment.ts'
import type { Landscape } from '../policy/environment.ts'
import { Refusal } from '../policy/reasons.ts'
import { environmentOf } from './arrival.ts'

/** What `/-/whoami` shows callers of themselves. */
export function whoami(landscape: Landscape, request: FastifyRequest): Readonly<Record<string, unknown>> {
  const { authenticated } = request
  if (authenticated === null) return {}
  const { principal, overage } = authenticated
  const environments = environmentsOf(landscape, principal).map(({ name }) => name)
  const said = { ...principal, groupsIncomplete: overage, environments }
  try {
    const { name, modelSuffix, experimentRoot, registrationStage } = environmentOf(landscape, request)
    return {
      ...said,
      environment: name,
      models: `fraud is fraud${modelSuffix}`,
      experiments: `churn is ${experimentRoot}/churn`,
      registrationStage,
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { ...said, environment: null, why: error.message }
  }
}
