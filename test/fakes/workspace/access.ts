import { denied } from './answer.ts'
import { everybody, type Member } from './directory.ts'

/** Who holds a permission, in the words of the Permissions API. */
export interface Principal {
  readonly kind: 'user_name' | 'group_name' | 'service_principal_name'
  readonly name: string
}

/** Path of an object in the Permissions API, such as `/registered-models/1f0c…` (fact 12). */
export type ObjectPath = `/${string}/${string}`

/** One permission that somebody holds, on the object itself or by way of `from`. */
export interface Holding {
  readonly principal: Principal
  readonly level: string
  readonly from: ObjectPath | null
}

// Higher means more; a registered model has the levels of fact 10, folders and experiments have CAN_READ, CAN_RUN, CAN_EDIT
// and CAN_MANAGE, serving endpoints CAN_VIEW, CAN_QUERY and CAN_MANAGE [SDK].
const ranks: Readonly<Record<string, number>> = {
  CAN_VIEW: 1,
  CAN_READ: 1,
  CAN_QUERY: 2,
  CAN_RUN: 2,
  CAN_EDIT: 3,
  CAN_MANAGE_STAGING_VERSIONS: 4,
  CAN_MANAGE_PRODUCTION_VERSIONS: 5,
  CAN_MANAGE: 6,
}

/** Who may do what with which object. An object's path is given with those of the folders above it, nearest first. */
export interface Access {
  /** What somebody may do with an object, null for nothing. Admins may manage all (fact 11). */
  levelOf(member: Member, path: readonly ObjectPath[]): string | null
  /** Throws 403 where the member holds less than a level. */
  require(member: Member, path: readonly ObjectPath[], level: string): void
  /** Gives a member a permission on one object: who makes an object gets CAN_MANAGE (fact 11). */
  give(object: ObjectPath, principal: Principal, level: string): void
  /** Replaces the permissions that are set on an object itself. */
  replace(object: ObjectPath, entries: readonly (readonly [Principal, string])[]): void
  holdings(path: readonly ObjectPath[]): Holding[]
  forget(object: ObjectPath): void
}

/** A member as the Permissions API names it. */
export function principalOf({ kind, name }: Member): Principal {
  return { kind: kind === 'user' ? 'user_name' : 'service_principal_name', name }
}

function isHeldBy({ kind, name }: Principal, member: Member): boolean {
  if (kind === 'group_name') return name === everybody || member.groups.some((group) => group.name === name)
  const own = principalOf(member)
  return own.kind === kind && own.name === name
}

/** Permissions in memory; at first nobody but admins may do anything. */
export function makeAccess(): Access {
  const objects = new Map<ObjectPath, Map<string, readonly [Principal, string]>>()
  const keyOf = ({ kind, name }: Principal) => `${kind}:${name}`
  const holdings = (path: readonly ObjectPath[]): Holding[] =>
    path.flatMap((object, depth) =>
      [...(objects.get(object)?.values() ?? [])].map(([principal, level]) => ({
        principal,
        level,
        from: depth === 0 ? null : object,
      })),
    )
  const levelOf = (member: Member, path: readonly ObjectPath[]) => {
    if (member.admin) return 'CAN_MANAGE'
    const levels = holdings(path).flatMap(({ principal, level }) => (isHeldBy(principal, member) ? [level] : []))
    return levels.sort((a, b) => (ranks[b] ?? 0) - (ranks[a] ?? 0))[0] ?? null
  }
  return {
    levelOf,
    holdings,
    require(member, path, level) {
      const held = levelOf(member, path)
      if (held !== null && (ranks[held] ?? 0) >= (ranks[level] ?? 9)) return
      throw denied(`User ${member.name} does not have ${level} permission on ${path[0]}: the permission is ${held ?? 'none'}.`)
    },
    give(object, principal, level) {
      const entries = objects.get(object) ?? new Map()
      objects.set(object, entries.set(keyOf(principal), [principal, level]))
    },
    replace(object, entries) {
      objects.set(object, new Map(entries.map((entry) => [keyOf(entry[0]), entry])))
    },
    forget: (object) => void objects.delete(object),
  }
}
