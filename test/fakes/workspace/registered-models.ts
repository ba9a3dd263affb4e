import { type Answer, invalid, json } from './answer.ts'
import { type Call, type Fields, number, objectOf, objectsOf, optionalText, type Routes, text } from './call.ts'
import type { Interior } from './interior.ts'
import { fieldsOf } from './mlflow.ts'
import { databricksFilter, type Models } from './models.ts'
import { refuseDeletingActive } from './stages.ts'
import type { Webhooks } from './webhooks.ts'

const base = '/api/2.0/mlflow/registered-models'

/** Checks that a filter is one condition, and that a page is not too long (fact 14). */
export function searchFields(fields: Fields, otherwise: number, most: number): Fields {
  const filter = databricksFilter(fields)
  const bare = (filter ?? '').replaceAll(/'[^']*'/g, "''")
  if (/\b(?:and|or)\b/i.test(bare)) throw invalid(`Invalid filter '${filter}': only a single condition is supported.`)
  const maxResults = number(fields, 'max_results', otherwise)
  if (maxResults < 1 || maxResults > most)
    throw invalid(`Invalid value ${maxResults} for parameter 'max_results': at most ${most}.`)
  return { ...fields, max_results: maxResults, ...(filter === null ? {} : { filter }) }
}

async function searchModels({ mlflow }: Interior, models: Models, call: Call): Promise<Answer> {
  const found = await mlflow.ask('GET', `${base}/search`, searchFields(call.fields, 100, 1000))
  const readable = objectsOf(found.registered_models).filter((model) => models.levelOf(call.caller, text(model, 'name')) !== null)
  return json({ ...found, registered_models: readable.map(models.modelFields) })
}

async function createModel({ mlflow }: Interior, models: Models, webhooks: Webhooks, call: Call): Promise<Answer> {
  const name = text(call.fields, 'name')
  const answer = await mlflow.forward(call)
  if (answer.status >= 400) return answer
  models.created(name, call.caller)
  webhooks.fire('REGISTERED_MODEL_CREATED', name, {})
  return json({ registered_model: models.modelFields(objectOf(fieldsOf(answer).registered_model)) })
}

async function deleteModel({ mlflow }: Interior, models: Models, call: Call): Promise<Answer> {
  const name = text(call.fields, 'name')
  const { latest_versions: latest } = await models.require(call.caller, name, 'CAN_MANAGE')
  refuseDeletingActive(objectsOf(latest))
  const answer = await mlflow.forward(call)
  if (answer.status < 400) models.forget(name)
  return answer
}

async function renameModel({ mlflow }: Interior, models: Models, call: Call): Promise<Answer> {
  const [name, newName] = [text(call.fields, 'name'), text(call.fields, 'new_name')]
  await models.require(call.caller, name, 'CAN_MANAGE')
  const answer = await mlflow.forward(call)
  if (answer.status >= 400) return answer
  models.rename(name, newName)
  return json({ registered_model: models.modelFields(objectOf(fieldsOf(answer).registered_model)) })
}

async function latestVersions({ mlflow }: Interior, models: Models, call: Call): Promise<Answer> {
  await models.require(call.caller, text(call.fields, 'name'), 'CAN_READ')
  const found = await mlflow.ask('POST', `${base}/get-latest-versions`, call.fields)
  return json({ ...found, model_versions: objectsOf(found.model_versions).map(models.versionFields) })
}

/** The workspace registry's models, with the permissions of fact 11. There are no aliases here (fact 16). */
export function registeredModelRoutes(interior: Interior, models: Models, webhooks: Webhooks): Routes {
  const { mlflow } = interior
  const shown = (level: string) => async (call: Call) => {
    await models.require(call.caller, text(call.fields, 'name'), level)
    const answer = await mlflow.forward(call)
    const model = answer.status < 400 ? fieldsOf(answer).registered_model : undefined
    return model === undefined ? answer : json({ registered_model: models.modelFields(objectOf(model)) })
  }
  return {
    [`POST ${base}/create`]: (call) => createModel(interior, models, webhooks, call),
    [`GET ${base}/get`]: shown('CAN_READ'),
    // The id and the caller's permission are told here alone (facts 7 and 12).
    'GET /api/2.0/mlflow/databricks/registered-models/get': async (call) => {
      const name = text(call.fields, 'name')
      const model = models.modelFields(await models.require(call.caller, name, 'CAN_READ'))
      const own = { id: models.note(name).id, permission_level: models.levelOf(call.caller, name) }
      return json({ registered_model_databricks: { ...model, ...own } })
    },
    [`POST ${base}/rename`]: (call) => renameModel(interior, models, call),
    [`PATCH ${base}/update`]: shown('CAN_EDIT'),
    [`DELETE ${base}/delete`]: (call) => deleteModel(interior, models, call),
    [`GET ${base}/search`]: (call) => searchModels(interior, models, call),
    [`GET ${base}/list`]: (call) => searchModels(interior, models, { ...call, fields: withoutFilter(call.fields) }),
    [`POST ${base}/get-latest-versions`]: (call) => latestVersions(interior, models, call),
    [`GET ${base}/get-latest-versions`]: (call) => latestVersions(interior, models, call),
    [`POST ${base}/set-tag`]: shown('CAN_EDIT'),
    [`DELETE ${base}/delete-tag`]: shown('CAN_EDIT'),
  }
}

function withoutFilter(fields: Fields): Fields {
  const pageToken = optionalText(fields, 'page_token')
  return { max_results: fields.max_results ?? 100, ...(pageToken === null ? {} : { page_token: pageToken }) }
}
