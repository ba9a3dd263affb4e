import { json } from './answer.ts'
import { type Call, type Fields, optionalText, type Routes, text } from './call.ts'
import type { Storage } from './storage.ts'
import {
  finalize,
  setAlias,
  temporaryCredentials,
  type UcModel,
  type UcModels,
  type UcVersion,
  versionByAlias,
} from './uc-models.ts'

const base = '/api/2.1/unity-catalog/models'

function namesOf(name: string) {
  const [catalog, schema, model] = name.split('.')
  return { catalog_name: catalog, schema_name: schema, model_name: model }
}

function aliasesOf({ name, aliases }: UcModel, version?: string) {
  const all = [...aliases].filter(([, each]) => version === undefined || each === version)
  return all.map(([alias, each]) => ({ alias_name: alias, version_num: Number(each), ...namesOf(name) }))
}

function showModel(model: UcModel) {
  const { catalog_name, schema_name, model_name } = namesOf(model.name)
  const { id, name, owner, created, description } = model
  const times = { created_at: created, updated_at: created, created_by: owner, updated_by: owner }
  return {
    id,
    full_name: name,
    name: model_name,
    catalog_name,
    schema_name,
    owner,
    comment: description,
    ...times,
    aliases: aliasesOf(model),
  }
}

function showVersion(models: UcModels, model: UcModel, version: UcVersion) {
  const { version: number, source, runId, creator, created, description, status } = version
  const times = { created_at: created, updated_at: created, created_by: creator, updated_by: creator }
  const origins = { source, ...(runId === null ? {} : { run_id: runId }) }
  const place = { storage_location: models.locationOf(version), aliases: aliasesOf(model, number) }
  return { ...namesOf(model.name), version: Number(number), comment: description, status, ...times, ...origins, ...place }
}

const fullName = (fields: Fields, last: string) =>
  ['catalog_name', 'schema_name', last].map((name) => text(fields, name)).join('.')

function modelRoutes(models: UcModels): Routes {
  const own = (call: Call) => models.own(text(call.params, 'full_name'), call.caller)
  return {
    [`POST ${base}`]: ({ fields, caller }) =>
      json(showModel(models.create(fullName(fields, 'name'), caller, optionalText(fields, 'comment') ?? ''))),
    [`GET ${base}`]: ({ fields }) => {
      const prefix = ['catalog_name', 'schema_name'].flatMap((name) => optionalText(fields, name) ?? []).join('.')
      const found = models.all().filter(({ name }) => prefix === '' || name.startsWith(`${prefix}.`))
      return json({ registered_models: found.map(showModel) })
    },
    [`GET ${base}/{full_name}`]: ({ params }) => json(showModel(models.get(text(params, 'full_name')))),
    [`PATCH ${base}/{full_name}`]: (call) => {
      const model = own(call)
      const { catalog_name, schema_name } = namesOf(model.name)
      model.description = optionalText(call.fields, 'comment') ?? model.description
      const newName = optionalText(call.fields, 'new_name')
      if (newName !== null) models.rename(model, newName.includes('.') ? newName : `${catalog_name}.${schema_name}.${newName}`)
      return json(showModel(model))
    },
    [`DELETE ${base}/{full_name}`]: (call) => {
      models.remove(own(call))
      return json({})
    },
    [`PUT ${base}/{full_name}/aliases/{alias}`]: (call) => {
      const [model, alias, number] = [own(call), text(call.params, 'alias'), text(call.fields, 'version_num')]
      setAlias(models, model, alias, number)
      return json({ alias_name: alias, version_num: Number(number), ...namesOf(model.name) })
    },
    [`DELETE ${base}/{full_name}/aliases/{alias}`]: (call) => {
      own(call).aliases.delete(text(call.params, 'alias'))
      return json({})
    },
    [`GET ${base}/{full_name}/aliases/{alias}`]: ({ params }) => {
      const model = models.get(text(params, 'full_name'))
      return json(showVersion(models, model, versionByAlias(models, model, text(params, 'alias'))))
    },
  }
}

/** Unity Catalog's own routes (fact 34), over the same models as those of MLflow's client. */
export function nativeUnityCatalogRoutes(models: UcModels, storage: Storage, credentialSeconds: number): Routes {
  const find = (name: string, number: string) => {
    const model = models.get(name)
    return { model, version: models.version(model, number) }
  }
  const own = ({ params, caller }: Call) => {
    models.own(text(params, 'full_name'), caller)
    return find(text(params, 'full_name'), text(params, 'version'))
  }
  const shown = ({ model, version }: { model: UcModel; version: UcVersion }) => json(showVersion(models, model, version))
  return {
    ...modelRoutes(models),
    [`POST ${base}/versions`]: ({ fields, caller }) => {
      const model = models.own(fullName(fields, 'model_name'), caller)
      return shown({ model, version: models.addVersion(model, caller, fields) })
    },
    [`GET ${base}/{full_name}/versions`]: ({ params }) => {
      const model = models.get(text(params, 'full_name'))
      return json({ model_versions: [...model.versions.values()].map((version) => showVersion(models, model, version)) })
    },
    [`GET ${base}/{full_name}/versions/{version}`]: ({ params }) =>
      shown(find(text(params, 'full_name'), text(params, 'version'))),
    [`PATCH ${base}/{full_name}/versions/{version}`]: (call) => {
      const found = own(call)
      found.version.description = optionalText(call.fields, 'comment') ?? ''
      return shown(found)
    },
    [`DELETE ${base}/{full_name}/versions/{version}`]: (call) => {
      const { model, version } = own(call)
      model.versions.delete(version.version)
      return json({})
    },
    [`PATCH ${base}/{full_name}/versions/{version}/finalize`]: (call) => {
      const found = own(call)
      finalize(found.version)
      return shown(found)
    },
    'POST /api/2.1/unity-catalog/temporary-model-version-credentials': (call) => {
      const { version } = find(fullName(call.fields, 'model_name'), text(call.fields, 'version'))
      const write = text(call.fields, 'operation') === 'READ_WRITE_MODEL_VERSION'
      return json(temporaryCredentials(storage, version, write ? 'write' : 'read', credentialSeconds, call))
    },
  }
}
