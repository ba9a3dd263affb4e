import { type Answer, absent, json } from './answer.ts'
import { type Call, number, objectOf, objectsOf, optionalText, type Routes, text, texts } from './call.ts'
import type { Interior } from './interior.ts'
import { openSourceDefault, runIdOf } from './owners.ts'

const mlflowPath = '/api/2.0/mlflow'

// Of a run: what may be done with its experiment [SDK ExperimentPermissionLevel].
const onRuns = {
  'GET /runs/get': 'CAN_READ',
  'GET /metrics/get-history': 'CAN_READ',
  'POST /runs/update': 'CAN_EDIT',
  'POST /runs/restore': 'CAN_EDIT',
  'POST /runs/log-metric': 'CAN_EDIT',
  'POST /runs/log-parameter': 'CAN_EDIT',
  'POST /runs/log-batch': 'CAN_EDIT',
  'POST /runs/log-model': 'CAN_EDIT',
  'POST /runs/log-inputs': 'CAN_EDIT',
  'POST /runs/outputs': 'CAN_EDIT',
  'POST /runs/set-tag': 'CAN_EDIT',
  'POST /runs/delete-tag': 'CAN_EDIT',
}

// Of a logged model (fact 26).
const onModels = {
  'GET /logged-models/{model_id}': 'CAN_READ',
  'PATCH /logged-models/{model_id}': 'CAN_EDIT',
  'DELETE /logged-models/{model_id}': 'CAN_EDIT',
  'POST /logged-models/{model_id}/params': 'CAN_EDIT',
  'PATCH /logged-models/{model_id}/tags': 'CAN_EDIT',
  'DELETE /logged-models/{model_id}/tags/{tag_key}': 'CAN_EDIT',
}

function withPrefix(table: Readonly<Record<string, string>>, make: (level: string) => Routes[string]): Routes {
  return Object.fromEntries(
    Object.entries(table).map(([route, level]) => [route.replace(' ', ` ${mlflowPath}`), make(level)] as const),
  )
}

async function requireAll({ owners, access }: Interior, call: Call, level: string) {
  for (const id of texts(call.fields, 'experiment_ids')) access.require(call.caller, await owners.experiment(id), level)
}

async function createRun({ owners, access, mlflow }: Interior, call: Call): Promise<Answer> {
  const id = optionalText(call.fields, 'experiment_id')
  // A workspace has no default experiment.
  if (id === null || id === openSourceDefault) {
    throw absent(
      'No experiment was found. If using the Python fluent API, you can set an active experiment under which to create runs by calling mlflow.set_experiment("experiment_name") at the start of your program.',
    )
  }
  access.require(call.caller, await owners.experiment(id), 'CAN_EDIT')
  return mlflow.forward(call)
}

/** `databricks/runs/{delete,restore}-runs` (fact 3): runs by the time that they began, or were deleted. */
function bulkRoutes({ owners, access, mlflow }: Interior, deletedAt: Map<string, number>): Routes {
  const base = `POST ${mlflowPath}/databricks/runs`
  const select = async (call: Call, view: string, filter?: string) => {
    const id = text(call.fields, 'experiment_id')
    access.require(call.caller, await owners.experiment(id), 'CAN_EDIT')
    const query = { experiment_ids: [id], run_view_type: view, max_results: number(call.fields, 'max_runs', 1000) }
    const { runs } = await mlflow.ask('POST', `${mlflowPath}/runs/search`, filter ? { ...query, filter } : query)
    return objectsOf(runs).map((run) => text(objectOf(run.info), 'run_id'))
  }
  return {
    [`${base}/delete-runs`]: async (call) => {
      const before = number(call.fields, 'max_timestamp_millis', 0)
      const runs = await select(call, 'ACTIVE_ONLY', `attributes.start_time <= ${before}`)
      for (const run of runs) await mlflow.ask('POST', `${mlflowPath}/runs/delete`, { run_id: run })
      for (const run of runs) deletedAt.set(run, Date.now())
      return json({ runs_deleted: runs.length })
    },
    [`${base}/restore-runs`]: async (call) => {
      const since = number(call.fields, 'min_timestamp_millis', 0)
      const runs = (await select(call, 'DELETED_ONLY')).filter((run) => (deletedAt.get(run) ?? 0) >= since)
      for (const run of runs) await mlflow.ask('POST', `${mlflowPath}/runs/restore`, { run_id: run })
      return json({ runs_restored: runs.length })
    },
  }
}

/** Runs and logged models: MLflow's own API, with the permissions of the experiment. */
export function trackingRoutes(interior: Interior): Routes {
  const { owners, access, mlflow } = interior
  const deletedAt = new Map<string, number>()
  const allowRun = async (call: Call, level: string) => {
    const id = await owners.experimentOfRun(runIdOf(call.fields))
    access.require(call.caller, await owners.experiment(id), level)
  }
  const allowModel = async (call: Call, level: string) => {
    const id = await owners.experimentOfModel(text(call.params, 'model_id'))
    access.require(call.caller, await owners.experiment(id), level)
  }
  const forwarded = (allow: (call: Call, level: string) => Promise<void>) => (level: string) => async (call: Call) => {
    await allow(call, level)
    return mlflow.forward(call)
  }
  const inExperiments = (level: string) => async (call: Call) => {
    await requireAll(interior, call, level)
    return mlflow.forward(call)
  }
  return {
    ...withPrefix(onRuns, forwarded(allowRun)),
    ...withPrefix(onModels, forwarded(allowModel)),
    ...bulkRoutes(interior, deletedAt),
    [`POST ${mlflowPath}/runs/create`]: (call) => createRun(interior, call),
    [`POST ${mlflowPath}/runs/search`]: inExperiments('CAN_READ'),
    [`POST ${mlflowPath}/logged-models/search`]: inExperiments('CAN_READ'),
    [`POST ${mlflowPath}/runs/delete`]: async (call) => {
      await allowRun(call, 'CAN_EDIT')
      deletedAt.set(runIdOf(call.fields), Date.now())
      return mlflow.forward(call)
    },
    [`POST ${mlflowPath}/logged-models`]: async (call) => {
      access.require(call.caller, await owners.experiment(text(call.fields, 'experiment_id')), 'CAN_EDIT')
      return mlflow.forward(call)
    },
  }
}
