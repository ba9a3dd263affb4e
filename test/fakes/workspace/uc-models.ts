import { randomUUID } from 'node:crypto'
import { absent, denied, invalid, taken } from './answer.ts'
import { type Call, type Fields, optionalText } from './call.ts'
import type { Member } from './directory.ts'
import type { Storage } from './storage.ts'

/** A version in Unity Catalog: made pending, filled by the client itself, then finalized (fact 33). */
export interface UcVersion {
  readonly version: string
  readonly source: string
  readonly runId: string | null
  readonly modelId: string | null
  readonly folder: string
  readonly creator: string
  readonly created: number
  readonly tags: Map<string, string>
  description: string
  status: 'PENDING_REGISTRATION' | 'READY'
}

/** A registered model in Unity Catalog. */
export interface UcModel {
  readonly id: string
  name: string
  readonly owner: string
  readonly created: number
  readonly tags: Map<string, string>
  /** Version by alias: here are aliases, and no stages (fact 32). */
  readonly aliases: Map<string, string>
  readonly versions: Map<string, UcVersion>
  description: string
  lastVersion: number
}

/** The models of the metastore. */
export interface UcModels {
  readonly inDefaultStorage: boolean
  all(): readonly UcModel[]
  create(name: string, owner: Member, description: string): UcModel
  /** Throws 404 where it is absent. */
  get(name: string): UcModel
  /** The model, for a change. Throws 403 for who does not own it [INF: grants are left out]. */
  own(name: string, member: Member): UcModel
  version(model: UcModel, version: string): UcVersion
  addVersion(model: UcModel, creator: Member, fields: Fields): UcVersion
  rename(model: UcModel, name: string): void
  remove(model: UcModel): void
  locationOf(version: UcVersion): string
  /** The folder in the store of `/Models/<catalog>/<schema>/<model>/<version>/…`, and the rest of the path. */
  place(path: string): { model: UcModel; version: UcVersion; path: string }
}

const notFound = (what: string) => absent(`${what} does not exist.`)

/** Checks that a name has three levels (fact 31). */
function checkName(name: string): string {
  if (/^[^./\s]+\.[^./\s]+\.[^./\s]+$/.test(name)) return name
  throw invalid(`Invalid model name '${name}': use <catalog>.<schema>.<model>.`)
}

/** An empty metastore; every catalog and schema is there. */
export function makeUcModels(storage: Storage, inDefaultStorage = false): UcModels {
  const models = new Map<string, UcModel>()
  const get = (name: string) => {
    const model = models.get(checkName(name))
    if (model === undefined) throw notFound(`Model '${name}'`)
    return model
  }
  const version = (model: UcModel, number: string) => {
    const found = model.versions.get(number)
    if (found === undefined) throw notFound(`Model version '${model.name}' (${number})`)
    return found
  }
  return {
    inDefaultStorage,
    all: () => [...models.values()],
    get,
    version,
    create(name, owner, description) {
      if (models.has(checkName(name))) throw taken(`Model '${name}' already exists.`)
      const parts = { tags: new Map(), aliases: new Map(), versions: new Map(), description, lastVersion: 0 }
      const model: UcModel = { id: randomUUID(), name, owner: owner.name, created: Date.now(), ...parts }
      models.set(name, model)
      return model
    },
    own(name, member) {
      const model = get(name)
      if (model.owner !== member.name && !member.admin) throw denied(`User ${member.name} does not own model '${name}'.`)
      return model
    },
    addVersion(model, creator, fields) {
      model.lastVersion += 1
      const number = String(model.lastVersion)
      const added: UcVersion = {
        version: number,
        source: optionalText(fields, 'source') ?? '',
        runId: optionalText(fields, 'run_id'),
        modelId: optionalText(fields, 'model_id'),
        folder: `unity-catalog/models/${model.id}/versions/${number}`,
        creator: creator.name,
        created: Date.now(),
        tags: new Map(),
        description: optionalText(fields, 'description') ?? optionalText(fields, 'comment') ?? '',
        status: 'PENDING_REGISTRATION',
      }
      model.versions.set(number, added)
      return added
    },
    rename(model, name) {
      if (models.has(checkName(name))) throw taken(`Model '${name}' already exists.`)
      models.delete(model.name)
      model.name = name
      models.set(name, model)
    },
    remove(model) {
      if (model.versions.size > 0) throw invalid(`Model '${model.name}' has versions: delete them first.`)
      models.delete(model.name)
    },
    locationOf: ({ folder }) => storage.locationOf(folder),
    place(path) {
      const [, catalog, schema, name, number, rest] = /^\/Models\/([^/]+)\/([^/]+)\/([^/]+)\/(\d+)(\/.*)?$/.exec(path) ?? []
      if (number === undefined || rest?.includes('/../')) throw notFound(`Path ${path}`)
      const model = get(`${catalog}.${schema}.${name}`)
      const found = version(model, number)
      return { model, version: found, path: `${found.folder}${(rest ?? '').replace(/\/$/, '')}` }
    },
  }
}

/** Makes a version ready (fact 33). Throws 400 for one that is ready already. */
export function finalize(version: UcVersion): UcVersion {
  if (version.status === 'READY') throw invalid(`Version ${version.version} is finalized already.`)
  version.status = 'READY'
  return version
}

/** Points an alias at a version that is there. */
export function setAlias(models: UcModels, model: UcModel, alias: string, version: string): void {
  model.aliases.set(alias, models.version(model, version).version)
}

/** The version that an alias points at. Throws 404 for an alias that is not set. */
export function versionByAlias(models: UcModels, model: UcModel, alias: string): UcVersion {
  const number = model.aliases.get(alias)
  if (number === undefined) throw notFound(`Alias '${alias}' of model '${model.name}'`)
  return models.version(model, number)
}

/** A token for the folder of a version, as both families of routes give it (fact 33). */
export function temporaryCredentials(storage: Storage, version: UcVersion, may: 'read' | 'write', seconds: number, call: Call) {
  if (may === 'write' && version.creator !== call.caller.name)
    throw denied(`User ${call.caller.name} did not create this version.`)
  if (may === 'write' && version.status === 'READY')
    throw invalid(`Version ${version.version} is finalized: its files do not change.`)
  const sas = storage.signFolder(version.folder, may, seconds)
  const expiry = Date.now() + seconds * 1000
  return {
    credentials: { azure_user_delegation_sas: { sas_token: sas }, expiration_time: expiry, storage_mode: 'CUSTOMER_HOSTED' },
  }
}
