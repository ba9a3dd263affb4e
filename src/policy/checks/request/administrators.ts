import type { EvaluationContext } from '../../evaluation-context.ts'
import { Refusal } from '../../reasons.ts'

/** Checks what only administrators of an environment may do, before everything else. */
export function checkAdministrator({ environment, administrator }: EvaluationContext): void {
  if (administrator) return
  const { name, administrators = [] } = environment
  const whom =
    administrators.length === 0
      ? 'and the configuration lists none (`administrators`). Ask the operators of the proxy'
      : `and you are not one. Ask someone in ${administrators.join(' or ')}`
  throw new Refusal('closed-endpoint', `This is for administrators of environment '${name}', ${whom}.`)
}
