import type { EvaluationContext } from '../../evaluation-context.ts'
import { Refusal } from '../../reasons.ts'

/** What only administrators of an environment may ask, before anything else is looked at. */
export function checkAdministrator({ environment, administrator }: EvaluationContext): void {
  if (administrator) return
  const { name, administrators = [] } = environment
  const whom =
    administrators.length === 0
      ? 'and the configuration names none (`administrators`). Ask those who run the proxy'
      : `which you are not. Ask someone in ${administrators.join(' or ')}`
  throw new Refusal('closed-endpoint', `This is for administrators of environment '${name}', ${whom}.`)
}
