import { json } from './answer.ts'
import { type Call, objectOf, objectsOf, type Routes, text } from './call.ts'
import type { Interior } from './interior.ts'

/** The experiment that a trace's message says it is in. */
function experimentIn(location: unknown): string {
  return text(objectOf(objectOf(location).mlflow_experiment), 'experiment_id')
}

/** Traces in experiments, by MLflow 3's routes (fact 26); those of tables, /api/4.0 and 5.0, need a warehouse and are not here. */
export function traceRoutes(interior: Interior): Routes {
  const { owners, access, mlflow } = interior
  const base = '/api/3.0/mlflow/traces'
  const allow = async (call: Call, experimentId: string, level: string) =>
    access.require(call.caller, await owners.experiment(experimentId), level)
  const ofTrace = (level: string) => async (call: Call) => {
    await allow(call, await owners.experimentOfTrace(text(call.params, 'trace_id')), level)
    return mlflow.forward(call)
  }
  const routes: Routes = {
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
    [`GET ${base}/{trace_id}`]: ofTrace('CAN_READ'),
    [`PATCH ${base}/{trace_id}/tags`]: ofTrace('CAN_EDIT'),
    [`DELETE ${base}/{trace_id}/tags`]: ofTrace('CAN_EDIT'),
    'POST /api/2.0/mlflow/traces/delete-traces': async (call) => {
      await allow(call, text(call.fields, 'experiment_id'), 'CAN_EDIT')
      return mlflow.forward(call)
    },
  }
  return routes
}
