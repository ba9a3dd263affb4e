import { randomInt, randomUUID } from 'node:crypto'

/** A user or service principal of the workspace. */
export interface Member {
  /** Object id in Entra: `oid` of the tokens, and `externalId` where it was provisioned (fact 64). */
  readonly objectId: string
  readonly kind: 'user' | 'servicePrincipal'
  /** Number in the workspace. */
  readonly id: string
  /** `userName`: of a service principal its application id (fact 63). Permissions, requests and comments name members so. */
  readonly name: string
  readonly displayName: string
  readonly groups: readonly { readonly name: string; readonly type: 'direct' | 'indirect' }[]
  /** False: deactivated, which SCIM says and the other APIs refuse. */
  readonly active: boolean
  /** In the group `admins`: may manage everything (fact 11). */
  readonly admin: boolean
}

/** What is told of a member that is added; the rest is made up. */
export interface NewMember {
  readonly objectId: string
  readonly kind?: Member['kind']
  readonly name?: string
  readonly displayName?: string
  readonly groups?: readonly string[]
  /** Groups that the member is in by way of another group. */
  readonly indirectGroups?: readonly string[]
  readonly active?: boolean
}

/** Who is in the workspace. */
export interface Directory {
  add(member: NewMember): Member
  find(objectId: string): Member | null
  members(): readonly Member[]
  /** Id of a group of the workspace; the same name is the same group. */
  groupId(name: string): string
  groupNames(): readonly string[]
}

/** Everybody is in this group. */
export const everybody = 'users'

const workspaceNumber = () => String(randomInt(2 ** 46, 2 ** 47))

/** An empty workspace directory; the groups `admins` and `users` are always there. */
export function makeDirectory(): Directory {
  const members = new Map<string, Member>()
  const groups = new Map<string, string>()
  const groupId = (name: string) => {
    const id = groups.get(name) ?? workspaceNumber()
    groups.set(name, id)
    return id
  }
  for (const name of ['admins', everybody]) groupId(name)
  return {
    add({
      objectId,
      kind = 'servicePrincipal',
      name = randomUUID(),
      displayName = name,
      groups: direct = [],
      indirectGroups = [],
      active = true,
    }) {
      const all = [
        ...[...direct, everybody].map((group) => ({ name: group, type: 'direct' as const })),
        ...indirectGroups.map((group) => ({ name: group, type: 'indirect' as const })),
      ]
      for (const group of all) groupId(group.name)
      const admin = all.some((group) => group.name === 'admins')
      const member = { objectId, kind, id: workspaceNumber(), name, displayName, groups: all, admin, active }
      members.set(objectId, member)
      return member
    },
    find: (objectId) => members.get(objectId) ?? null,
    members: () => [...members.values()],
    groupId,
    groupNames: () => [...groups.keys()],
  }
}
