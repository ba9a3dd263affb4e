import { json, noSuchApi } from './answer.ts'
import { type Call, objectOf, objectsOf, type Routes, text, texts } from './call.ts'
import type { Interior } from './interior.ts'
import { runIdOf } from './owners.ts'

/** The experiment that a trace's message says it is in. */
function experimentIn(location: unknown): string {
  return text(objectOf(objectOf(location).mlflow_experiment), 'experiment_id')
}

/** Sends a call on once the caller may do it. */
type Judged = (call: Call) => Promise<Awaited<ReturnType<Interior['mlflow']['forward']>>>

/** Traces as MLflow 2's clients ask for them [mlflow 2.22.4 store/tracking/rest_store.py]. */
function olderRoutes(
  { mlflow }: Interior,
  allow: (call: Call, id: string, level: string) => Promise<void>,
  ofTrace: (level: string) => Judged,
): Routes {
  const base = '/api/2.0/mlflow/traces'
  const renamed = (level: string) => (call: Call) =>
    ofTrace(level)({ ...call, params: { trace_id: text(call.params, 'request_id') } })
  return {
    [`POST ${base}`]: async (call) => {
      await allow(call, text(call.fields, 'experiment_id'), 'CAN_EDIT')
      return mlflow.forward(call)
    },
    [`GET ${base}`]: async (call) => {
      for (const id of texts(call.fields, 'experiment_ids')) await allow(call, id, 'CAN_READ')
      return mlflow.forward(call)
    },
    [`PATCH ${base}/{request_id}`]: renamed('CAN_EDIT'),
    [`GET ${base}/{request_id}/info`]: renamed('CAN_READ'),
    [`PATCH ${base}/{request_id}/tags`]: renamed('CAN_EDIT'),
    [`DELETE ${base}/{request_id}/tags`]: renamed('CAN_EDIT'),
    [`POST ${base}/delete-traces`]: async (call) => {
      await allow(call, text(call.fields, 'experiment_id'), 'CAN_EDIT')
      return mlflow.forward(call)
    },
  }
}

/**
 * Traces in experiments, by MLflow 3's routes (fact 26) and MLflow 2's. Those of tables, /api/4.0 and 5.0, need a warehouse and are not
 * here. Several at once there is no way to ask for: Databricks' own client has none [mlflow 3.17.2 store/tracking/databricks_rest_store.py].
 */
export function traceRoutes(interior: Interior): Routes {
  const { owners, access, mlflow } = interior
  const base = '/api/3.0/mlflow/traces'
  const allow = async (call: Call, experimentId: string, level: string) =>
    access.require(call.caller, await owners.experiment(experimentId), level)
  const ofTrace = (level: string) => async (call: Call) => {
    await allow(call, await owners.experimentOfTrace(text(call.params, 'trace_id')), level)
    return mlflow.forward(call)
  }
  const absent = (call: Call) => {
    throw noSuchApi(call.method, call.path)
  }
  return {
    [`POST ${base}`]: async (call) => {
      const { trace_info: info } = objectOf(call.fields.trace)
      await allow(call, experimentIn(objectOf(info).trace_location), 'CAN_EDIT')
      return mlflow.forward(call)
    },
    [`POST ${base}/search`]: async (call) => {
      const locations = objectsOf(call.fields.locations)
      for (const location of locations) await allow(call, experimentIn(location), 'CAN_READ')
      return locations.length > 0 ? mlflow.forward(call) : json({ traces: [] })
    },
    [`GET ${base}/batchGet`]: absent,
    [`GET ${base}/{trace_id}`]: ofTrace('CAN_READ'),
    [`PATCH ${base}/{trace_id}/tags`]: ofTrace('CAN_EDIT'),
    [`DELETE ${base}/{trace_id}/tags`]: ofTrace('CAN_EDIT'),
    [`POST ${base}/{trace_id}/assessments`]: ofTrace('CAN_EDIT'),
    [`GET ${base}/{trace_id}/assessments/{assessment_id}`]: ofTrace('CAN_READ'),
    [`PATCH ${base}/{trace_id}/assessments/{assessment_id}`]: ofTrace('CAN_EDIT'),
    [`DELETE ${base}/{trace_id}/assessments/{assessment_id}`]: ofTrace('CAN_EDIT'),
    'POST /api/2.0/mlflow/traces/link-to-run': async (call) => {
      await allow(call, await owners.experimentOfRun(runIdOf(call.fields)), 'CAN_EDIT')
      return mlflow.forward(call)
    },
    ...olderRoutes(interior, allow, ofTrace),
  }
}
