import type { Json } from '../../policy/messages/json/json.ts'
import type { Staffed } from './asker.ts'
import { objectsIn, textIn } from './probe.ts'

/** Levels of permissions on folders and models; a higher one includes those before it. */
export const levels = [
  'CAN_READ',
  'CAN_RUN',
  'CAN_EDIT',
  'CAN_MANAGE_STAGING_VERSIONS',
  'CAN_MANAGE_PRODUCTION_VERSIONS',
  'CAN_MANAGE',
] as const
export type Level = (typeof levels)[number]

/** Whether a level, or none, is at least another. */
export function reaches(held: Level | null, wanted: Level): boolean {
  return held !== null && levels.indexOf(held) >= levels.indexOf(wanted)
}

/** Who holds what on one thing of the workspace. */
export interface Holding {
  readonly kind: 'user' | 'group' | 'service principal'
  readonly name: string
  readonly level: Level
}

const kinds = { user_name: 'user', group_name: 'group', service_principal_name: 'service principal' } as const

function highest(entry: Json): Level | null {
  const held = objectsIn(entry, 'all_permissions').map((each) => textIn(each, 'permission_level'))
  return levels.findLast((level) => held.includes(level)) ?? null
}

/** The holdings in an answer of the Permissions API, but for those of the workspace's admins, who may do everything anyway. */
export function readHoldings(answer: Json): readonly Holding[] {
  return objectsIn(answer, 'access_control_list').flatMap((entry) => {
    const level = highest(entry)
    const who = Object.entries(kinds).flatMap(([key, kind]) => {
      const name = textIn(entry, key)
      return name === null ? [] : [{ kind, name }]
    })
    return level === null ? [] : who.filter(({ name }) => name !== 'admins').map((each) => ({ ...each, level }))
  })
}

/** What is told of a holding. */
export function showHolding({ kind, name, level }: Holding): string {
  return `the ${kind} ${name} holds ${level}`
}

/** Whether the one who works for an environment is who holds something. */
function isStaff({ asker, passthrough, environment }: Staffed, { kind, name }: Holding): boolean {
  if (passthrough) return kind === 'group' && environment.groups.includes(name)
  return kind !== 'group' && asker?.name === name
}

/**
 * The most that somebody should hold on an environment's folder or models, as the Terraform module gives it; null: nothing. Whoever works
 * there needs it: the proxy's own principal, or with passthrough the environment's groups. Who promotes from it reads it.
 */
export function mostFor(holding: Holding, of: Staffed, staff: readonly Staffed[], on: 'folder' | 'model'): Level | null {
  const working = (one: Staffed): Level => {
    if (on === 'folder' || !one.passthrough) return 'CAN_MANAGE'
    return one.environment.production ? 'CAN_MANAGE_PRODUCTION_VERSIONS' : 'CAN_MANAGE_STAGING_VERSIONS'
  }
  const promoters = staff.filter(({ environment }) => environment.promotesFrom.includes(of.environment.name))
  const readers = [of, ...promoters].some(
    ({ environment }) => holding.kind === 'group' && environment.groups.includes(holding.name),
  )
  const allowed: readonly (Level | null)[] = [
    isStaff(of, holding) ? working(of) : null,
    promoters.some((one) => isStaff(one, holding)) ? (on === 'folder' ? 'CAN_READ' : 'CAN_MANAGE_PRODUCTION_VERSIONS') : null,
    readers ? 'CAN_READ' : null,
  ]
  return levels.findLast((level) => allowed.includes(level)) ?? null
}

/** Whether somebody holds more on an environment's folder or models than they should. */
export function isTooMuch(holding: Holding, of: Staffed, staff: readonly Staffed[], on: 'folder' | 'model'): boolean {
  return !reaches(mostFor(holding, of, staff, on), holding.level)
}

/** Whether whoever works for an environment holds enough to work. */
export function isStaffed(holdings: readonly Holding[], of: Staffed, level: Level): boolean {
  return of.asker?.admin === true || holdings.some((holding) => isStaff(of, holding) && reaches(holding.level, level))
}
