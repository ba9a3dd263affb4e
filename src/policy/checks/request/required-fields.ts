import type { EvaluationContext } from '../../evaluation-context.ts'
import type { Json, JsonObject } from '../../messages/json/json.ts'
import { Refusal } from '../../reasons.ts'

function isMissing(value: Json | undefined): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
}

const promptlab = ['experiment_id', 'prompt_template', 'prompt_parameters', 'model_route', 'model_input', 'mlflow_version']

/** What handlers without a protobuf message ask for, in their own order and words (mlflow/server/handlers.py); a bar stands between spellings. */
const asked: Readonly<Record<string, readonly (readonly [fields: string, sentence: string])[]>> = {
  createPromptlabRun: promptlab.map((field) => [field, `CreatePromptlabRun request must specify ${field}.`]),
  uploadRunArtifact: [
    // As servers before 3.18 say it, which have no other spelling.
    ['run_id|run_uuid', 'Request must specify run_uuid.'],
    ['path', 'Request must specify path.'],
  ],
  getLoggedModelArtifact: [['artifact_file_path', 'Request must include the "artifact_file_path" query parameter.']],
}

/** Fields that MLflow's handlers ask for by hand. */
export function checkRequiredFields({ endpoint, message }: Pick<EvaluationContext, 'endpoint'> & { message: JsonObject }): void {
  const missing = asked[endpoint.name]?.find(([fields]) => fields.split('|').every((field) => isMissing(message.get(field))))
  if (missing !== undefined) throw new Refusal('invalid-parameter', missing[1])
}
