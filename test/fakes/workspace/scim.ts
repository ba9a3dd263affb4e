import { absent, invalid, json } from './answer.ts'
import { type Call, optionalText, type Routes, text } from './call.ts'
import { type Directory, everybody, type Member } from './directory.ts'

const base = '/api/2.0/preview/scim/v2'

/** The groups of a member; that of everybody is not among them [recordings/me.json]. */
function groupsOf({ groups }: Member, directory: Directory) {
  return groups.flatMap(({ name, type }) => {
    const id = directory.groupId(name)
    return name === everybody ? [] : [{ display: name, value: id, type, $ref: `Groups/${id}` }]
  })
}

/** What `Me` says, of a service principal as of a user: its `userName` is the application id [recordings/me.json]. */
function me(member: Member, directory: Directory) {
  const { id, name, displayName, objectId, active } = member
  const [givenName = displayName, ...rest] = displayName.split(' ')
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', 'urn:ietf:params:scim:schemas:extension:workspace:2.0:User'],
    id,
    userName: name,
    displayName,
    name: { givenName, familyName: rest.join(' ') },
    emails: [{ type: 'work', value: name, primary: true }],
    active,
    groups: groupsOf(member, directory),
    entitlements: [{ value: 'workspace-access' }],
    externalId: objectId,
  }
}

/** A member as lists show it to admins (fact 64). */
function whole(member: Member, directory: Directory) {
  const { id, name, displayName, objectId } = member
  const groups = groupsOf(member, directory)
  const rest = { active: member.active, entitlements: [{ value: 'workspace-access' }], roles: [], externalId: objectId, groups }
  if (member.kind === 'user') {
    const emails = [{ type: 'work', value: name, primary: true }]
    return { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], id, userName: name, displayName, emails, ...rest }
  }
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal']
  return { schemas, id, applicationId: name, displayName, ...rest }
}

/** `attribute eq "value"`: the one filter that look-ups need (fact 64). */
function readFilter(call: Call): readonly [string, string] | null {
  const filter = optionalText(call.fields, 'filter')
  if (filter === null) return null
  const [, attribute, value] = /^(\w+) eq "([^"]*)"$/i.exec(filter) ?? []
  if (attribute === undefined || value === undefined) throw invalid(`Invalid filter: ${filter}`)
  return [attribute, value]
}

function list(resources: readonly object[]) {
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:ListResponse']
  return json({ schemas, totalResults: resources.length, startIndex: 1, itemsPerPage: resources.length, Resources: resources })
}

/** SCIM: everybody may ask for themselves; others show names and ids to who is no admin (facts 63 and 64). */
export function scimRoutes(directory: Directory): Routes {
  const shown = (member: Member, caller: Member) => {
    const full = whole(member, directory)
    if (caller.admin) return full
    const { schemas, id, displayName } = full
    return member.kind === 'user'
      ? { schemas, id, userName: member.name, displayName }
      : { schemas, id, applicationId: member.name, displayName }
  }
  const search = (kind: Member['kind']) => (call: Call) => {
    const wanted = readFilter(call)
    const all = directory.members().filter((member) => member.kind === kind)
    const matching = all.filter((member) => {
      const fields: Record<string, unknown> = { ...whole(member, directory) }
      return wanted === null || String(fields[wanted[0]] ?? '').toLowerCase() === wanted[1].toLowerCase()
    })
    return list(matching.map((member) => shown(member, call.caller)))
  }
  const one = (kind: Member['kind']) => (call: Call) => {
    const id = text(call.params, 'id')
    const member = directory.members().find((each) => each.kind === kind && each.id === id)
    if (member === undefined) throw absent(`${kind} with id ${id} not found.`)
    return json(shown(member, call.caller))
  }
  const group = (name: string) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    id: directory.groupId(name),
    displayName: name,
    meta: { resourceType: 'WorkspaceGroup' }, // fact 65
  })
  return {
    [`GET ${base}/Me`]: ({ caller }) => json(me(caller, directory)),
    [`GET ${base}/Users`]: search('user'),
    [`GET ${base}/Users/{id}`]: one('user'),
    [`GET ${base}/ServicePrincipals`]: search('servicePrincipal'),
    [`GET ${base}/ServicePrincipals/{id}`]: one('servicePrincipal'),
    [`GET ${base}/Groups`]: (call) => {
      const wanted = readFilter(call)
      return list(
        directory
          .groupNames()
          .filter((name) => wanted === null || name === wanted[1])
          .map(group),
      )
    },
  }
}
