import { guid } from '../identity/guid.ts'
import type { Principal } from '../identity/principal.ts'
import { oncePer } from '../once-per.ts'
import type { PromotionRule } from '../promotions/promotion-rule.ts'
import { Refusal } from '../reasons.ts'
import { type Environment, groupsOf, type PolicyConfig } from './environment.ts'

/** Whether the caller's groups make them an administrator of an environment. */
export function isAdministrator({ administrators = [] }: Environment, principal: Principal): boolean {
  return isIn(administrators, principal)
}

function isIn(groups: readonly string[], principal: Principal): boolean {
  return groups.some((group) => principal.groups.includes(group))
}

/** Whether the caller may only read and search in an environment: other groups of theirs count for more. */
export function isReader(environment: Environment, principal: Principal): boolean {
  return !isIn(environment.groups, principal) && !isAdministrator(environment, principal)
}

function missingGroups({ requiredGroups = [] }: PolicyConfig, principal: Principal): readonly string[] {
  return requiredGroups.filter((group) => !principal.groups.includes(group))
}

const byPrincipal = oncePer((config: PolicyConfig) =>
  oncePer((principal: Principal): readonly Environment[] => {
    if (missingGroups(config, principal).length > 0) return []
    return config.environments.filter((environment) => isIn(groupsOf(environment), principal))
  }),
)

/**
 * The environments that the caller's groups put them in: none, if a required group is missing. They are found once for a principal: a token's stays
 * the same until it expires.
 */
export function environmentsOf(config: PolicyConfig, principal: Principal): readonly Environment[] {
  return byPrincipal(config)(principal)
}

const decidingByPrincipal = oncePer((config: PolicyConfig) => oncePer((principal: Principal) => findDeciding(config, principal)))

/** Whether the caller may approve what a rule lets somebody ask for. */
export function isApprover(config: PolicyConfig, { approvers }: PromotionRule, principal: Principal): boolean {
  return missingGroups(config, principal).length === 0 && isIn(approvers, principal)
}

/** As few of the caller's groups as say the same about them as all: where they are, and as what. Found once for a principal. */
export function decidingGroups(config: PolicyConfig, principal: Principal): readonly string[] {
  return decidingByPrincipal(config)(principal)
}

function findDeciding(config: PolicyConfig, principal: Principal): readonly string[] {
  const firstOf = (groups: readonly string[]) => groups.filter((group) => principal.groups.includes(group)).slice(0, 1)
  const deciding = environmentsOf(config, principal).flatMap(({ groups, readers = [], administrators = [] }) => [
    ...firstOf(groups),
    ...firstOf(administrators),
    ...firstOf(readers),
  ])
  // Who approves promotions need not be anywhere.
  const approving = (config.promotions ?? []).flatMap(({ approvers }) => firstOf(approvers))
  const all = [...deciding, ...approving]
  return [...new Set(all.length === 0 ? [] : [...(config.requiredGroups ?? []), ...all])]
}

/** What a caller in no environment can do. A token that lists object ids matches nothing where names are configured. */
function remedy({ environments }: PolicyConfig, { groups }: Principal): string {
  const areIds = groups.length > 0 && groups.every((group) => guid.test(group))
  if (!areIds || environments.flatMap(groupsOf).some((group) => guid.test(group)))
    return "Ask an administrator to add you to an environment's group."
  return "Your token lists groups by their object ids, and the proxy knows its environments' groups by name: ask its administrator for app roles, object ids in the configuration, or authentication.directory."
}

function seen(config: PolicyConfig, principal: Principal): string {
  const listed = principal.groupsFrom === 'directory'
  if (principal.groups.length === 0) {
    return listed ? 'Neither your token nor the directory lists a group for you' : 'Your token has no groups or roles'
  }
  const missing = missingGroups(config, principal)
  if (missing.length > 0) return `You are not in ${missing.join(' and ')}, without which nobody is in an environment`
  return `Your ${listed ? '' : "token's "}groups (${principal.groups.slice(0, 20).join(', ')}) belong to no environment`
}

/**
 * The environment of a request: the one that its address names (by `/env/<name>`, or by its host name), or the caller's only one.
 * Throws a refusal that says which groups were seen, or how to choose; `hint` is how, where it is not by `/env/<name>`.
 */
export function chooseEnvironment(
  config: PolicyConfig,
  principal: Principal,
  named: string | null,
  hint: string | null = null,
): Environment {
  const mine = environmentsOf(config, principal)
  if (mine.length === 0) {
    throw new Refusal('no-environment', `${seen(config, principal)}. ${remedy(config, principal)}`)
  }
  if (named !== null) {
    const chosen = mine.find(({ name }) => name === named)
    if (chosen !== undefined) return chosen
    throw new Refusal(
      'environment-not-allowed',
      `You are not in an environment named '${named}'. Yours: ${mine.map(({ name }) => name).join(', ')}.`,
    )
  }
  const [only, ...others] = mine
  if (only !== undefined && others.length === 0) return only
  const choices = mine.map(({ name }) => `/env/${name}`).join(' or ')
  const how = hint ?? `by adding ${choices} to MLFLOW_TRACKING_URI`
  throw new Refusal('environment-not-chosen', `You are in several environments: choose one ${how}.`)
}
