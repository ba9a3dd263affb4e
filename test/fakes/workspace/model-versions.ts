import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, json } from './answer.ts'
import { type Call, flag, objectOf, objectsOf, optionalText, type Routes, text } from './call.ts'
import type { Interior } from './interior.ts'
import { fieldsOf } from './mlflow.ts'
import { type Models, type VersionNote, versionOf } from './models.ts'
import { searchFields } from './registered-models.ts'
import { refuseDeletingActive, type Stages } from './stages.ts'
import { copyFolder } from './storage.ts'
import { findSource } from './version-source.ts'
import type { Webhooks } from './webhooks.ts'

const base = '/api/2.0/mlflow/model-versions'

/** What the routes of versions share. */
export interface Registry extends Interior {
  readonly models: Models
  readonly stages: Stages
  readonly webhooks: Webhooks
}

interface Copy {
  readonly from: string
  readonly to: string
  readonly isReadable: boolean
}

/**
 * Copies the files of a new version. A place without files makes a version that failed, and so does one in the registry itself: that is what
 * a download URI given for a source comes to [amesar/mlflow-export-import, Copy_Model_Version notebook].
 */
async function copyFiles({ storage, registration }: Registry, note: VersionNote, { from, to, isReadable }: Copy) {
  note.status = 'PENDING_REGISTRATION'
  note.folder = to
  await sleep(registration.seconds * 1000, undefined, { ref: false })
  const copied = isReadable ? await copyFolder(storage, from, to).catch(() => 0) : 0
  note.status = copied > 0 ? 'READY' : 'FAILED_REGISTRATION'
  if (copied === 0) note.message = `Failed registration. The given source path \`dbfs:/${from}\` does not exist.`
}

/** Where a version's copy goes: a number of its own, and the name of the folder that it comes from [recordings.json]. */
function registryFolder(source: string): string {
  return `databricks/mlflow-registry/${randomBytes(16).toString('hex')}/models/${source.slice(source.lastIndexOf('/') + 1)}`
}

/** The registry copies the files after it answered; until then a version is pending [github.com/mlflow/mlflow issue 10409]. */
async function createVersion(registry: Registry, call: Call): Promise<Answer> {
  const { models, mlflow, webhooks } = registry
  const name = text(call.fields, 'name')
  await models.require(call.caller, name, 'CAN_EDIT')
  const source = await findSource(registry, call.caller, text(call.fields, 'source'))
  const answer = await mlflow.forward(call)
  if (answer.status >= 400) return answer
  const made = objectOf(fieldsOf(answer).model_version)
  const note = models.versionNote(name, text(made, 'version'))
  note.creator = call.caller.name
  const isReadable = !/^dbfs:\/+databricks\/mlflow-registry\//.test(text(call.fields, 'source'))
  if (source !== null) void copyFiles(registry, note, { from: source, to: registryFolder(source), isReadable })
  webhooks.fire('MODEL_VERSION_CREATED', name, { version: text(made, 'version') })
  return json({ model_version: models.versionFields(made) })
}

async function searchVersions({ models, mlflow }: Registry, call: Call): Promise<Answer> {
  const found = await mlflow.ask('GET', `${base}/search`, searchFields(call.fields, 10_000, 10_000))
  const readable = objectsOf(found.model_versions).filter((each) => models.levelOf(call.caller, text(each, 'name')) !== null)
  return json({ ...found, model_versions: readable.map(models.versionFields) })
}

async function deleteVersion({ models, mlflow }: Registry, call: Call): Promise<Answer> {
  const { name, version } = versionOf(call.fields)
  refuseDeletingActive([await models.requireVersion(call.caller, name, version, 'CAN_MANAGE')])
  const answer = await mlflow.forward(call)
  if (answer.status < 400) models.forgetVersion(name, version)
  return answer
}

async function downloadUri({ models, mlflow }: Registry, call: Call): Promise<Answer> {
  const { name, version } = versionOf(call.fields)
  await models.requireVersion(call.caller, name, version, 'CAN_READ')
  const { folder } = models.versionNote(name, version)
  // The registry's own copy, not the run's files (facts 43 and 56).
  return folder === null ? mlflow.forward(call) : json({ artifact_uri: `dbfs:/${folder}` })
}

/** Versions of the workspace registry: the OSS routes and Databricks' own envelope (facts 2 to 5, 8). */
export function modelVersionRoutes(registry: Registry): Routes {
  const { models, mlflow, stages, webhooks } = registry
  const shown = (level: string) => async (call: Call) => {
    const { name, version } = versionOf(call.fields)
    await models.requireVersion(call.caller, name, version, level)
    const answer = await mlflow.forward(call)
    const found = answer.status < 400 ? fieldsOf(answer).model_version : undefined
    return found === undefined ? answer : json({ model_version: models.versionFields(objectOf(found)) })
  }
  const setTag = shown('CAN_EDIT')
  return {
    [`POST ${base}/create`]: (call) => createVersion(registry, call),
    [`GET ${base}/get`]: shown('CAN_READ'),
    [`PATCH ${base}/update`]: shown('CAN_EDIT'),
    [`DELETE ${base}/delete`]: (call) => deleteVersion(registry, call),
    [`GET ${base}/search`]: (call) => searchVersions(registry, call),
    [`GET ${base}/get-download-uri`]: (call) => downloadUri(registry, call),
    [`POST ${base}/set-tag`]: async (call) => {
      const answer = await setTag(call)
      const { name, version } = versionOf(call.fields)
      webhooks.fire('MODEL_VERSION_TAG_SET', name, { version })
      return answer
    },
    [`DELETE ${base}/delete-tag`]: shown('CAN_EDIT'),
    // Two of the doors to a stage (fact 4). MLflow's own asks for nothing; Databricks' insists on the boolean (fact 5).
    [`POST ${base}/transition-stage`]: async (call) => {
      const archive =
        optionalText(call.fields, 'archive_existing_versions') === 'true' || call.fields.archive_existing_versions === true
      const { version } = await stages.move(call, archive, 'APPLIED_TRANSITION')
      return json({ model_version: models.versionFields(version) })
    },
    'POST /api/2.0/mlflow/databricks/model-versions/transition-stage': async (call) => {
      const { version } = await stages.move(call, flag(call.fields, 'archive_existing_versions'), 'APPLIED_TRANSITION')
      return json({ model_version_databricks: stages.databricksVersion(version, call.caller) })
    },
  }
}
