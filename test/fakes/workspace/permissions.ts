import type { Access, Holding, ObjectPath, Principal } from './access.ts'
import { principalOf } from './access.ts'
import { absent, invalid, json } from './answer.ts'
import { type Call, type Fields, objectsOf, optionalText, type Routes, text } from './call.ts'
import type { Member } from './directory.ts'
import type { Interior } from './interior.ts'
import type { Models } from './models.ts'
import type { Serving } from './serving.ts'

// [SDK RegisteredModelPermissionLevel, ExperimentPermissionLevel, WorkspaceObjectPermissionLevel, ServingEndpointPermissionLevel]
const kinds: Readonly<Record<string, { type: string; levels: readonly string[] }>> = {
  'registered-models': {
    type: 'registered-model',
    levels: ['CAN_READ', 'CAN_EDIT', 'CAN_MANAGE_STAGING_VERSIONS', 'CAN_MANAGE_PRODUCTION_VERSIONS', 'CAN_MANAGE'],
  },
  experiments: { type: 'mlflowExperiment', levels: ['CAN_READ', 'CAN_EDIT', 'CAN_MANAGE'] },
  directories: { type: 'directory', levels: ['CAN_READ', 'CAN_RUN', 'CAN_EDIT', 'CAN_MANAGE'] },
  'serving-endpoints': { type: 'serving-endpoint', levels: ['CAN_VIEW', 'CAN_QUERY', 'CAN_MANAGE'] },
}

type Entry = readonly [Principal, string]

function readEntry(fields: Fields, levels: readonly string[]): Entry {
  const level = text(fields, 'permission_level')
  if (!levels.includes(level)) throw invalid(`Invalid permission level ${level}: one of ${levels.join(', ')}.`)
  for (const kind of ['user_name', 'group_name', 'service_principal_name'] as const) {
    const name = optionalText(fields, kind)
    if (name !== null) return [{ kind, name }, level]
  }
  throw invalid('One of user_name, group_name and service_principal_name is required.')
}

/** The list of an answer: one entry for everybody who holds anything, admins by inheritance. */
function describe(holdings: readonly Holding[], kind: string, displayNameOf: (name: string) => string | undefined) {
  const admins: Holding = { principal: { kind: 'group_name', name: 'admins' }, level: 'CAN_MANAGE', from: `/${kind}/` }
  const byPrincipal = new Map<string, Holding[]>()
  for (const holding of [...holdings, admins]) {
    const key = `${holding.principal.kind}:${holding.principal.name}`
    byPrincipal.set(key, [...(byPrincipal.get(key) ?? []), holding])
  }
  return [...byPrincipal.values()].map((all) => {
    const permissions = all.map(({ level, from }) => ({
      permission_level: level,
      inherited: from !== null,
      ...(from === null ? {} : { inherited_from_object: [from] }),
    }))
    const [first] = all
    if (first === undefined) return {}
    const { kind, name } = first.principal
    // Groups have no other name [recordings/model-permissions.json].
    const shown = kind === 'group_name' ? {} : { display_name: displayNameOf(name) }
    return { [kind]: name, ...shown, all_permissions: permissions }
  })
}

/** Nobody lowers their own permission on what they manage [docs/resources/permissions.md of the Terraform provider]. */
function keepOwn(access: Access, member: Member, path: readonly ObjectPath[], entries: readonly Entry[]) {
  if (member.admin) return
  const own = principalOf(member)
  const held = access
    .holdings(path.slice(0, 1))
    .find(({ principal }) => principal.kind === own.kind && principal.name === own.name)
  const next = entries.find(([principal]) => principal.kind === own.kind && principal.name === own.name)
  if (held?.level === 'CAN_MANAGE' && next?.[1] !== 'CAN_MANAGE') {
    throw invalid(`${member.name} cannot remove their own CAN_MANAGE permission.`)
  }
}

/** Permissions by id (fact 12): of models, experiments, folders and serving endpoints; and by the old `preview` paths. */
export function permissionRoutes(interior: Interior, models: Models, serving: Serving): Routes {
  const { access, owners, directory } = interior
  const displayNameOf = (name: string) => directory.members().find((member) => member.name === name)?.displayName
  const find = async ({ params }: Call): Promise<{ kind: string; levels: readonly string[]; path: readonly ObjectPath[] }> => {
    const [kind, id] = [text(params, 'kind'), text(params, 'id')]
    const known = kinds[kind]
    if (known === undefined) throw invalid(`Invalid object type ${kind}.`)
    const { levels } = known
    if (kind === 'registered-models' && models.nameOf(id) === null) throw absent(`Registered model with id ${id} does not exist.`)
    if (kind === 'serving-endpoints' && !serving.hasId(id)) throw absent(`Endpoint with id ${id} does not exist.`)
    if (kind === 'directories' && !interior.folders.hasId(id)) throw absent(`Node ID ${id} does not exist.`)
    return { kind, levels, path: kind === 'experiments' ? await owners.experiment(id) : [`/${kind}/${id}`] }
  }
  const shown = ({ kind, path }: { kind: string; path: readonly ObjectPath[] }) =>
    json({
      object_id: path[0],
      object_type: kinds[kind]?.type,
      access_control_list: describe(access.holdings(path), kind, displayNameOf),
    })
  const change = async (call: Call, keep: boolean) => {
    const object = await find(call)
    const [own] = object.path
    access.require(call.caller, object.path, 'CAN_MANAGE')
    const given = objectsOf(call.fields.access_control_list).map((entry) => readEntry(entry, object.levels))
    const old = keep ? access.holdings(object.path.slice(0, 1)).map((each): Entry => [each.principal, each.level]) : []
    const named = (entry: Entry) => given.some(([p]) => p.kind === entry[0].kind && p.name === entry[0].name)
    const entries = [...old.filter((entry) => !named(entry)), ...given]
    keepOwn(access, call.caller, object.path, entries)
    if (own) access.replace(own, entries)
    return shown(object)
  }
  const routes: Routes = {
    'GET /permissions/{kind}/{id}': async (call) => {
      const object = await find(call)
      access.require(call.caller, object.path, object.kind === 'serving-endpoints' ? 'CAN_VIEW' : 'CAN_READ')
      return shown(object)
    },
    'GET /permissions/{kind}/{id}/permissionLevels': async (call) => {
      const { levels } = await find(call)
      return json({ permission_levels: levels.map((level) => ({ permission_level: level, description: level })) })
    },
    'PUT /permissions/{kind}/{id}': (call) => change(call, false),
    'PATCH /permissions/{kind}/{id}': (call) => change(call, true),
  }
  return Object.fromEntries(Object.entries(routes).map(([route, handle]) => [route.replace(' ', ' /api/2.0'), handle]))
}
