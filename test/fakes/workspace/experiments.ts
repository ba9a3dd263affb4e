import { principalOf } from './access.ts'
import { type Answer, absent, invalid, json, taken } from './answer.ts'
import { type Call, type Fields, number, objectOf, objectsOf, optionalText, type Routes, text } from './call.ts'
import { isNormal, normalisePath, parentOf } from './folders.ts'
import type { Interior } from './interior.ts'
import { fieldsOf } from './mlflow.ts'
import { noSuchNode } from './owners.ts'

// [github.com/mlflow/mlflow issue 8269] (fact 20)
const notAbsolute = (name: string) =>
  invalid(
    `Got an invalid experiment name '${name}'. An experiment name must be an absolute path within the Databricks workspace, e.g. '/Users/<some-username>/my-experiment'.`,
  )

/** Checks where an experiment is to be, and gives its path: in a folder that is there and that the caller may manage. */
function placeFor({ folders, access }: Interior, { caller }: Call, name: string): string {
  if (!name.startsWith('/')) throw notAbsolute(name)
  const path = normalisePath(name)
  // [github.com/databricks-demos/dbdemos issue 155] (fact 21)
  if (!folders.has(parentOf(path))) throw absent(`Parent directory ${parentOf(path)} does not exist.`)
  if (folders.has(path)) throw taken(`Node named '${path}' already exists`)
  access.require(caller, folders.chainOf(parentOf(path)), 'CAN_MANAGE')
  return path
}

/** Those experiments of an answer that the caller may read. */
async function readable({ owners, access }: Interior, caller: Call['caller'], experiments: readonly Fields[]) {
  const kept: Fields[] = []
  for (const experiment of experiments) {
    const path = await owners.experiment(text(experiment, 'experiment_id'))
    if (access.levelOf(caller, path) !== null) kept.push(experiment)
  }
  return kept
}

const sourceName = 'mlflow.experiment.sourceName'

// A workspace has no experiment 0 named Default: it is left out by MLflow itself, so that pages stay full.
const withoutDefault = "name != 'Default'"

async function searchExperiments(interior: Interior, call: Call): Promise<Answer> {
  const filter = optionalText(call.fields, 'filter')
  const fields = {
    ...call.fields,
    max_results: number(call.fields, 'max_results', 1000),
    filter: filter === null ? withoutDefault : `${filter} AND ${withoutDefault}`,
  }
  const found = await interior.mlflow.ask('POST', '/api/2.0/mlflow/experiments/search', fields)
  return json({ ...found, experiments: await readable(interior, call.caller, objectsOf(found.experiments)) })
}

/** What a workspace says of an experiment by itself [recordings.json; databricks/cli libs/testserver/experiments.go]. */
function workspaceTags({ caller }: Call, name: string) {
  const tags = {
    'mlflow.ownerId': caller.id,
    'mlflow.ownerEmail': caller.name,
    [sourceName]: name,
    'mlflow.experimentType': 'MLFLOW_EXPERIMENT',
  }
  return Object.entries(tags).map(([key, value]) => ({ key, value }))
}

async function createExperiment(interior: Interior, call: Call): Promise<Answer> {
  const name = placeFor(interior, call, text(call.fields, 'name'))
  // An absent name and one in use answer alike on both sides: RESOURCE_ALREADY_EXISTS (fact 24).
  const tags = [...objectsOf(call.fields.tags), ...workspaceTags(call, name)]
  const answer = await interior.mlflow.forward(call, { ...call.fields, name, tags })
  if (answer.status < 400) {
    interior.access.give(`/experiments/${text(fieldsOf(answer), 'experiment_id')}`, principalOf(call.caller), 'CAN_MANAGE')
  }
  return answer
}

async function getByName(interior: Interior, call: Call): Promise<Answer> {
  const name = text(call.fields, 'experiment_name')
  // The spelling with /Workspace creates an experiment and does not find it [github.com/mlflow/mlflow issue 11077] (fact 22).
  if (!isNormal(name) || name === 'Default') throw absent(`Node ${name} does not exist.`)
  const answer = await interior.mlflow.forward(call)
  if (answer.status >= 400) return answer
  const { experiment } = fieldsOf(answer)
  const path = await interior.owners.experiment(text(objectOf(experiment), 'experiment_id'))
  interior.access.require(call.caller, path, 'CAN_READ')
  return answer
}

async function renameExperiment(interior: Interior, call: Call): Promise<Answer> {
  const newName = placeFor(interior, call, text(call.fields, 'new_name'))
  const answer = await interior.mlflow.forward(call, { ...call.fields, new_name: newName })
  // The name in the tag follows [databricks/cli libs/testserver/experiments.go].
  const tag = { experiment_id: call.fields.experiment_id, key: sourceName, value: newName }
  if (answer.status < 400) await interior.mlflow.ask('POST', '/api/2.0/mlflow/experiments/set-experiment-tag', tag)
  interior.owners.forget(text(call.fields, 'experiment_id'))
  return answer
}

/** The experiments API: absolute paths in folders that are there, with permissions. */
export function experimentRoutes(interior: Interior): Routes {
  const { owners, access, mlflow } = interior
  const allowed = async (call: Call, level: string) => {
    const id = text(call.fields, 'experiment_id')
    if (!/^\d+$/.test(id)) throw noSuchNode(id)
    access.require(call.caller, await owners.experiment(id), level)
  }
  const forwarded = (level: string) => async (call: Call) => {
    await allowed(call, level)
    return mlflow.forward(call)
  }
  const base = '/api/2.0/mlflow/experiments'
  return {
    [`POST ${base}/create`]: (call) => createExperiment(interior, call),
    [`GET ${base}/get`]: forwarded('CAN_READ'),
    [`GET ${base}/get-by-name`]: (call) => getByName(interior, call),
    [`GET ${base}/list`]: (call) => searchExperiments(interior, call),
    [`POST ${base}/search`]: (call) => searchExperiments(interior, call),
    [`GET ${base}/search`]: (call) => searchExperiments(interior, call),
    [`POST ${base}/update`]: async (call) => {
      await allowed(call, 'CAN_MANAGE')
      return renameExperiment(interior, call)
    },
    [`POST ${base}/delete`]: forwarded('CAN_MANAGE'),
    [`POST ${base}/restore`]: forwarded('CAN_MANAGE'),
    [`POST ${base}/set-experiment-tag`]: forwarded('CAN_EDIT'),
  }
}
