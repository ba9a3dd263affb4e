import { randomBytes } from 'node:crypto'
import { type ObjectPath, principalOf } from './access.ts'
import { type Fields, objectOf, optionalText, text } from './call.ts'
import type { Member } from './directory.ts'
import type { Interior } from './interior.ts'

/** What the workspace knows of a registered model besides MLflow. */
interface ModelNote {
  /** The Permissions API knows a model by this alone (fact 12). */
  readonly id: string
  creator: string | null
}

/** What the workspace knows of a version besides MLflow. */
export interface VersionNote {
  creator: string | null
  /** Where the copy of its files lies: `databricks/mlflow-registry/…`, under a number of its own [recordings.json]; null where nothing was copied. */
  folder: string | null
  /** Of the copying; null where there is none. */
  status: 'PENDING_REGISTRATION' | 'READY' | 'FAILED_REGISTRATION' | null
  /** Why the copying failed. */
  message?: string
}

/** The registry's own book. */
export interface Models {
  note(name: string): ModelNote
  versionNote(name: string, version: string): VersionNote
  nameOf(id: string): string | null
  rename(name: string, newName: string): void
  forget(name: string): void
  forgetVersion(name: string, version: string): void
  pathOf(name: string): readonly [ObjectPath]
  created(name: string, member: Member): void
  /** MLflow's registered model. Throws 404 where it is absent, then 403 where the member holds less than a level. */
  require(member: Member, name: string, level: string): Promise<Fields>
  /** MLflow's version, under the same conditions. */
  requireVersion(member: Member, name: string, version: string, level: string): Promise<Fields>
  levelOf(member: Member, name: string): string | null
  /** Adds who made it; Databricks names users where MLflow leaves them out [SDK Model, ModelVersion]. */
  modelFields(model: Fields): Fields
  versionFields(version: Fields): Fields
}

const base = '/api/2.0/mlflow'

/** An empty book; models that MLflow had before get their ids when they are first asked for. */
export function makeModels({ mlflow, access }: Pick<Interior, 'mlflow' | 'access'>): Models {
  const notes = new Map<string, ModelNote>()
  const versions = new Map<string, VersionNote>()
  const note = (name: string) => {
    const known = notes.get(name) ?? { id: randomBytes(16).toString('hex'), creator: null }
    notes.set(name, known)
    return known
  }
  const versionNote = (name: string, version: string) => {
    const key = `${note(name).id}/${version}`
    const known = versions.get(key) ?? { creator: null, folder: null, status: null }
    versions.set(key, known)
    return known
  }
  const pathOf = (name: string): readonly [ObjectPath] => [`/registered-models/${note(name).id}`]
  const versionFields = (version: Fields): Fields => {
    const { creator, status, message } = versionNote(text(version, 'name'), text(version, 'version'))
    const copied = status === null ? {} : { status, ...(message === undefined ? {} : { status_message: message }) }
    return { ...version, ...(creator ? { user_id: creator } : {}), ...copied }
  }
  return {
    note,
    versionNote,
    pathOf,
    versionFields,
    nameOf: (id) => [...notes].find(([, known]) => known.id === id)?.[0] ?? null,
    rename(name, newName) {
      notes.set(newName, note(name))
      notes.delete(name)
    },
    forget(name) {
      access.forget(pathOf(name)[0])
      notes.delete(name)
    },
    forgetVersion: (name, version) => void versions.delete(`${note(name).id}/${version}`),
    created(name, member) {
      note(name).creator = member.name
      access.give(pathOf(name)[0], principalOf(member), 'CAN_MANAGE') // fact 11
    },
    async require(member, name, level) {
      const { registered_model: model } = await mlflow.ask('GET', `${base}/registered-models/get`, { name })
      access.require(member, pathOf(name), level)
      return objectOf(model)
    },
    async requireVersion(member, name, version, level) {
      const { model_version: found } = await mlflow.ask('GET', `${base}/model-versions/get`, { name, version })
      access.require(member, pathOf(name), level)
      return objectOf(found)
    },
    levelOf: (member, name) => access.levelOf(member, pathOf(name)),
    modelFields(model) {
      const { creator } = note(text(model, 'name'))
      const latest = Array.isArray(model.latest_versions)
        ? model.latest_versions.map((each) => versionFields(objectOf(each)))
        : null
      return { ...model, ...(creator ? { user_id: creator } : {}), ...(latest ? { latest_versions: latest } : {}) }
    },
  }
}

/** The name and version that a message is about. Throws 400 where one is missing. */
export function versionOf(fields: Fields): { name: string; version: string } {
  return { name: text(fields, 'name'), version: text(fields, 'version') }
}

/** The filter of a search. Databricks takes one condition, and looks for parts of names (fact 14). */
export function databricksFilter(fields: Fields): string | null {
  const filter = optionalText(fields, 'filter')
  if (filter === null) return null
  return filter.replace(/(\bname\s+I?LIKE\s+)'%?([^'%]*)%?'/i, "$1'%$2%'")
}
