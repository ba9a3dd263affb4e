import type { EvaluationContext } from '../../evaluation-context.ts'
import { searchedExperiments } from '../../locations/experiment-locations.ts'
import { placesMeaning, textsMeaning } from '../../messages/message-fields.ts'
import { isExperimentId, isHexExperimentId, isVersion, notThereYet } from '../../names/ids.ts'
import { Refusal } from '../../reasons.ts'

/** MLflow's own sentence for what is no version, with what it says nothing of: that `01` and ` 1` are refused too. */
export function notVersion(parameter: string, value: string): Refusal {
  const got = value.length <= 64 ? `, got '${value}'` : ''
  return new Refusal(
    'invalid-parameter',
    `Parameter '${parameter}' must be an integer${got}. Write it as a positive decimal number without signs, spaces or leading zeros.`,
  )
}

/** MLflow's own sentence, with what it says nothing of: that `01` and ` 1` are refused too. */
function notExperimentId(id: string): Refusal {
  const shown = id.length <= 64 ? ` '${id}'` : ''
  return new Refusal(
    'invalid-parameter',
    `Invalid experiment ID${shown}. Experiment ID must be a valid integer. Write it as a decimal number without signs, spaces or leading zeros.`,
  )
}

/** Ids of experiments are written in the one way that every reader reads alike. */
export function checkExperimentIds({ endpoint, message, config }: EvaluationContext): void {
  const given = textsMeaning(endpoint, message, 'experiment', 'experiments')
  for (const id of [...given, ...searchedExperiments(endpoint, message)]) {
    if (isExperimentId(id) && id !== notThereYet && (config.kind === 'databricks' || !isHexExperimentId(id))) continue
    throw notExperimentId(id)
  }
}

/** So are versions. */
export function checkVersionNumbers({ endpoint, message }: Pick<EvaluationContext, 'endpoint' | 'message'>): void {
  for (const { selector, value } of placesMeaning(endpoint, message, 'version')) {
    if (typeof value === 'string' && !isVersion(value)) throw notVersion(selector, value)
  }
}
