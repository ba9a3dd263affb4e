import { groupsOf } from '../../policy/environments/environment.ts'
import { guid } from '../../policy/identity/guid.ts'
import type { Config } from './config-types.ts'
import { originOf } from './issuer-settings.ts'

/**
 * The groups of the configuration that are given by a name which may be that of a group in the tenant, each once: no object ids, and none
 * that only other issuers give.
 */
export function namedGroups({
  environments,
  requiredGroups = [],
  promotions = [],
  authentication: { issuers },
}: Config): readonly string[] {
  const { reserved } = originOf('entra', '', issuers)
  return [
    ...new Set([...requiredGroups, ...environments.flatMap(groupsOf), ...promotions.flatMap(({ approvers }) => approvers)]),
  ].filter((group) => !guid.test(group) && !reserved.some((beginning) => group.startsWith(beginning)))
}
