import { reads } from '../../policy/evaluation-context.ts'
import type { Grant } from '../../policy/grant.ts'
import { asksForNothing } from '../request/search-page.ts'
import { planOf } from './answer-plan.ts'

/**
 * Whether MLflow's answer may hold rows of others, which are left out of it: the request names nothing that says whose rows it is
 * for, and MLflow cannot be asked for the caller's alone. How long it takes depends on what others have.
 */
export function holdsOthersRows(grant: Grant): boolean {
  const { endpoint, context } = grant
  const byName = endpoint.search?.nameColumn || 'catalog_name' in endpoint.fields
  if (!reads(endpoint) || byName || asksForNothing(grant) || context.visibleExperiments.size > 0 || context.references.length > 0)
    return false
  return planOf(endpoint.response).listsOwned
}
