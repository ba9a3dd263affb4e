import { invalid, json } from './answer.ts'
import { type Call, type Fields, number, objectsOf, optionalText, type Routes, text } from './call.ts'
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

const base = '/api/2.0/mlflow/unity-catalog'

const tagsOf = (tags: ReadonlyMap<string, string>) => [...tags].map(([key, value]) => ({ key, value }))

const aliasesOf = ({ aliases }: UcModel, version?: string) =>
  [...aliases].filter(([, each]) => version === undefined || each === version).map(([alias, each]) => ({ alias, version: each }))

function showModel(model: UcModel) {
  const { name, owner, created, description, tags } = model
  const times = { creation_timestamp: created, last_updated_timestamp: created }
  return { name, user_id: owner, description, ...times, tags: tagsOf(tags), aliases: aliasesOf(model) }
}

function showVersion(models: UcModels, model: UcModel, version: UcVersion) {
  const { version: number, creator, created, description, source, runId, modelId, status, tags } = version
  const times = { creation_timestamp: created, last_updated_timestamp: created }
  const origins = { source, ...(runId ? { run_id: runId } : {}), ...(modelId ? { model_id: modelId } : {}) }
  const place = { storage_location: models.locationOf(version), status, tags: tagsOf(tags), aliases: aliasesOf(model, number) }
  return { name: model.name, version: number, user_id: creator, description, ...times, ...origins, ...place }
}

function setTags(tags: Map<string, string>, list: readonly Fields[]) {
  for (const tag of list) tags.set(text(tag, 'key'), optionalText(tag, 'value') ?? '')
}

function modelRoutes(models: UcModels): Routes {
  const at = `${base}/registered-models`
  const shown = (model: UcModel) => json({ registered_model: showModel(model) })
  const own = ({ fields, caller }: Call) => models.own(text(fields, 'name'), caller)
  return {
    [`POST ${at}/create`]: ({ fields, caller }) => {
      const model = models.create(text(fields, 'name'), caller, optionalText(fields, 'description') ?? '')
      setTags(model.tags, objectsOf(fields.tags))
      return shown(model)
    },
    [`PATCH ${at}/update`]: (call) => {
      const model = own(call)
      model.description = optionalText(call.fields, 'description') ?? model.description
      const newName = optionalText(call.fields, 'new_name')
      if (newName !== null) models.rename(model, newName)
      return shown(model)
    },
    [`DELETE ${at}/delete`]: (call) => {
      models.remove(own(call))
      return json({})
    },
    [`GET ${at}/get`]: ({ fields }) => shown(models.get(text(fields, 'name'))),
    [`GET ${at}/search`]: ({ fields }) => {
      const start = number(fields, 'page_token', 0)
      const end = start + number(fields, 'max_results', 100)
      const next = end < models.all().length ? { next_page_token: String(end) } : {}
      return json({ registered_models: models.all().slice(start, end).map(showModel), ...next })
    },
    [`POST ${at}/set-tag`]: (call) => {
      setTags(own(call).tags, [call.fields])
      return json({})
    },
    [`DELETE ${at}/delete-tag`]: (call) => {
      own(call).tags.delete(text(call.fields, 'key'))
      return json({})
    },
    [`POST ${at}/alias`]: (call) => {
      setAlias(models, own(call), text(call.fields, 'alias'), text(call.fields, 'version'))
      return json({})
    },
    [`DELETE ${at}/alias`]: (call) => {
      own(call).aliases.delete(text(call.fields, 'alias'))
      return json({})
    },
    [`GET ${at}/alias`]: ({ fields }) => {
      const model = models.get(text(fields, 'name'))
      return json({ model_version: showVersion(models, model, versionByAlias(models, model, text(fields, 'alias'))) })
    },
    // With this the client sends the files to the Files API below /Models (fact 33).
    [`GET ${at}:is-databricks-sdk-models-artifact-repository-enabled`]: () =>
      json({ is_databricks_sdk_models_artifact_repository_enabled: !models.inDefaultStorage }),
  }
}

function versionRoutes(models: UcModels, storage: Storage, credentialSeconds: number): Routes {
  const at = `${base}/model-versions`
  const find = ({ fields }: Call) => {
    const model = models.get(text(fields, 'name'))
    return { model, version: models.version(model, text(fields, 'version')) }
  }
  const own = (call: Call) => {
    models.own(text(call.fields, 'name'), call.caller)
    return find(call)
  }
  const shown = ({ model, version }: { model: UcModel; version: UcVersion }) =>
    json({ model_version: showVersion(models, model, version) })
  return {
    [`POST ${at}/create`]: (call) => {
      const model = models.own(text(call.fields, 'name'), call.caller)
      const version = models.addVersion(model, call.caller, call.fields)
      setTags(version.tags, objectsOf(call.fields.tags))
      return shown({ model, version })
    },
    [`POST ${at}/finalize`]: (call) => {
      const found = own(call)
      finalize(found.version)
      return shown(found)
    },
    [`POST ${at}/generate-temporary-credentials`]: (call) => {
      if (models.inDefaultStorage) return json({ credentials: { storage_mode: 'DEFAULT_STORAGE' } })
      const write = text(call.fields, 'operation') === 'MODEL_VERSION_OPERATION_READ_WRITE'
      return json(temporaryCredentials(storage, find(call).version, write ? 'write' : 'read', credentialSeconds, call))
    },
    [`POST ${at}/emit-lineage`]: () => json({}),
    [`GET ${at}/get`]: (call) => shown(find(call)),
    [`GET ${at}/get-download-uri`]: (call) => json({ artifact_uri: models.locationOf(find(call).version) }),
    [`PATCH ${at}/update`]: (call) => {
      const found = own(call)
      found.version.description = optionalText(call.fields, 'description') ?? ''
      return shown(found)
    },
    [`DELETE ${at}/delete`]: (call) => {
      const { model, version } = own(call)
      model.versions.delete(version.version)
      for (const [alias, number] of model.aliases) if (number === version.version) model.aliases.delete(alias)
      return json({})
    },
    [`GET ${at}/search`]: ({ fields }) => {
      // One condition on the name or the run: more is not supported there [M3 rest_store.search_model_versions]. The rows have
      // neither tags nor aliases [M3 model_version_search_from_uc_proto].
      const [, key, value] = /^(name|run_id)\s*=\s*'([^']+)'$/.exec(optionalText(fields, 'filter') ?? '') ?? []
      if (key === undefined) throw invalid("Only a filter of the form name = '<model>' or run_id = '<id>' is supported.")
      const found = models.all().flatMap((model) => [...model.versions.values()].map((version) => ({ model, version })))
      const fits = found.filter(({ model, version }) => (key === 'name' ? model.name : version.runId) === value)
      const rows = fits.map(({ model, version }) => ({
        ...showVersion(models, model, version),
        tags: undefined,
        aliases: undefined,
      }))
      return json({ model_versions: rows })
    },
    [`POST ${at}/set-tag`]: (call) => {
      setTags(own(call).version.tags, [call.fields])
      return json({})
    },
    [`DELETE ${at}/delete-tag`]: (call) => {
      own(call).version.tags.delete(text(call.fields, 'key'))
      return json({})
    },
  }
}

/** The 22 routes that MLflow's Unity Catalog client uses (fact 30): no stages, but aliases (fact 32). */
export function unityCatalogRoutes(models: UcModels, storage: Storage, credentialSeconds: number): Routes {
  return { ...modelRoutes(models), ...versionRoutes(models, storage, credentialSeconds) }
}
