import { type Access, type ObjectPath, principalOf } from './access.ts'
import { absent, invalid, json, taken } from './answer.ts'
import { type Call, objectOf, objectsOf, optionalText, type Routes, text } from './call.ts'
import { everybody, type Member } from './directory.ts'
import type { Mlflow } from './mlflow.ts'

/** The workspace's folders; experiments lie in them under their names. */
export interface Folders {
  has(path: string): boolean
  /** Whether a number is a folder's: then it is no experiment's (fact 23). */
  hasId(id: string): boolean
  idOf(path: string): string | null
  /** A folder and the folders above it, nearest first: permissions are inherited. */
  chainOf(path: string): ObjectPath[]
  /** Makes a folder and what is missing above it. Throws 403 where the member may not. */
  make(path: string, member: Member): void
  makeHome(member: Member): void
  /** Forgets a folder and all below it. */
  remove(path: string): void
  below(path: string): string[]
}

/** The one spelling of a path: `/Workspace/Shared/x` is `/Shared/x` (fact 22). Throws 400 for a path that is not absolute. */
export function normalisePath(path: string): string {
  if (!path.startsWith('/')) throw invalid(`Path (${path}) doesn't start with '/'`)
  if (path.includes('//')) throw invalid(`Path (${path}) contains an empty segment`)
  const short = path.replace(/^\/Workspace(?=\/|$)/, '').replace(/\/$/, '')
  return short === '' ? '/' : short
}

/** The folder that something lies in. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** The folders of a new workspace: everybody may manage what is in /Shared, and admins the rest [docs.databricks.com workspace-acl]. */
export function makeFolders(access: Access): Folders {
  // Far from MLflow's own numbers: both are numbers of workspace objects (fact 23).
  let lastId = 4_400_000_000_000_000
  const ids = new Map<string, string>()
  const add = (path: string) => void ids.set(path, String(++lastId))
  const objectAt = (path: string): ObjectPath => `/directories/${ids.get(path) ?? '0'}`
  for (const path of ['/', '/Shared', '/Users']) add(path)
  access.give(objectAt('/Shared'), { kind: 'group_name', name: everybody }, 'CAN_MANAGE')
  const chainOf = (path: string): ObjectPath[] => {
    const above = path === '/' ? [] : chainOf(parentOf(path))
    return ids.has(path) ? [objectAt(path), ...above] : above
  }
  const below = (path: string) => [...ids.keys()].filter((other) => other.startsWith(`${path}/`))
  return {
    has: (path) => ids.has(path),
    hasId: (id) => [...ids.values()].includes(id),
    idOf: (path) => ids.get(path) ?? null,
    chainOf,
    below,
    make(path, member) {
      if (ids.has(path)) return
      this.make(parentOf(path), member)
      access.require(member, chainOf(parentOf(path)), 'CAN_MANAGE')
      add(path)
      access.give(objectAt(path), principalOf(member), 'CAN_MANAGE')
    },
    makeHome(member) {
      const path = `/Users/${member.name}`
      add(path)
      access.give(objectAt(path), principalOf(member), 'CAN_MANAGE')
    },
    remove(path) {
      for (const gone of [path, ...below(path)]) {
        access.forget(objectAt(gone))
        ids.delete(gone)
      }
    },
  }
}

/** Experiments at and below a path, as `{path, id}`. */
async function experimentsAt(mlflow: Mlflow, path: string) {
  const filter = `name LIKE '${path.replaceAll("'", "\\'")}%'`
  const { experiments } = await mlflow.ask('POST', '/api/2.0/mlflow/experiments/search', { filter, max_results: 1000 })
  const all = objectsOf(experiments).map((each) => ({ path: text(each, 'name'), id: text(each, 'experiment_id') }))
  return all.filter((each) => each.path === path || each.path.startsWith(`${path === '/' ? '' : path}/`))
}

/** The workspace API: by it experiments can be listed and deleted without their own API (fact 25). */
export function folderRoutes(folders: Folders, mlflow: Mlflow, access: Access): Routes {
  const directory = (path: string) => ({ object_type: 'DIRECTORY', path, object_id: Number(folders.idOf(path)) })
  const experiment = ({ path, id }: { path: string; id: string }) => ({
    object_type: 'MLFLOW_EXPERIMENT',
    path,
    object_id: Number(id),
  })
  const pathOf = (call: Call) => normalisePath(text(call.fields, 'path'))
  const missing = (path: string) => absent(`Path (${path}) doesn't exist.`)
  return {
    'POST /api/2.0/workspace/mkdirs': async (call) => {
      const path = pathOf(call)
      const inTheWay = (await experimentsAt(mlflow, path)).some((each) => each.path === path)
      if (inTheWay) throw taken(`Path (${path}) already exists and is not a directory.`)
      folders.make(path, call.caller)
      return json({})
    },
    'GET /api/2.0/workspace/get-status': async (call) => {
      const path = pathOf(call)
      access.require(call.caller, folders.chainOf(path), 'CAN_READ')
      if (folders.has(path)) return json(directory(path))
      const found = (await experimentsAt(mlflow, path)).find((each) => each.path === path)
      if (found === undefined) throw missing(path)
      return json(experiment(found))
    },
    'GET /api/2.0/workspace/list': async (call) => {
      const path = pathOf(call)
      if (!folders.has(path)) throw missing(path)
      access.require(call.caller, folders.chainOf(path), 'CAN_READ')
      const inside = (await experimentsAt(mlflow, path)).filter((each) => parentOf(each.path) === path)
      const children = folders.below(path === '/' ? '' : path).filter((each) => each !== '/' && parentOf(each) === path)
      return json({ objects: [...children.map(directory), ...inside.map(experiment)] })
    },
    'POST /api/2.0/workspace/delete': async (call) => {
      const path = pathOf(call)
      access.require(call.caller, folders.chainOf(path), 'CAN_MANAGE')
      const doomed = await experimentsAt(mlflow, path)
      if (!folders.has(path) && doomed.length === 0) throw missing(path)
      const isEmpty = folders.below(path).length === 0 && doomed.every((each) => each.path === path)
      if (!isEmpty && !objectOf(call.fields).recursive) throw invalid(`Folder ${path} is not empty`)
      for (const { id } of doomed) await mlflow.ask('POST', '/api/2.0/mlflow/experiments/delete', { experiment_id: id })
      folders.remove(path)
      return json({})
    },
  }
}

/** Whether a path was spelt in its one way; the by-name look-up knows no other (fact 22). */
export function isNormal(path: string): boolean {
  return optionalText({ path }, 'path') !== null && path.startsWith('/') && !path.includes('//') && normalisePath(path) === path
}
