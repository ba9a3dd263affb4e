import type { EvaluationContext } from '../../evaluation-context.ts'
import { placesMeaning, textMeaning } from '../../messages/message-fields.ts'
import { findsWord } from '../../names/look-alikes.ts'
import { Refusal } from '../../reasons.ts'
import { checkLinkTag } from '../request/links.ts'
import { refuseProxyTag } from '../request/tags.ts'
import { tagPairs } from '../traces/trace-tags.ts'

/** Tags by which the server itself looks for issues, time and again, with the endpoint or secret that they name (mlflow/genai/discovery/schedule.py). */
const findsScheduleTag = findsWord(
  ['schedule', 'scheduleTraceFilter', 'scheduleState', 'checkpoint'].map((name) => `mlflow.issueDetection.${name}`),
)

/** Refuses tags of an experiment that are the proxy's own, or that set the MLflow server to work. */
export function checkExperimentTags({ endpoint, message }: EvaluationContext): void {
  const made = placesMeaning(endpoint, message, 'experimentTags').flatMap(({ value }) => tagPairs(value))
  const value = message.get('value')
  const set = [textMeaning(endpoint, message, 'experimentTagKey') ?? '', typeof value === 'string' ? value : ''] as const
  for (const [key, text] of [...made, set]) {
    refuseProxyTag(key)
    checkLinkTag(key, text)
  }
  const [schedule] = [...made, set].find(([key]) => findsScheduleTag(key) !== null) ?? []
  if (schedule === undefined) return
  throw new Refusal(
    'closed-endpoint',
    `The tag '${schedule}' would make the MLflow server look for issues with its own secrets. Look for them in a job of your own.`,
  )
}
