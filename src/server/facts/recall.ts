import type { Answer, ExperimentFact, FactQuery } from '../../policy/fact-query.ts'
import type { EnvironmentCache } from './environment-cache.ts'
import type { FactCaches } from './fact-cache.ts'

function recallExperiments(
  recalled: EnvironmentCache,
  { experiments }: FactCaches,
  ids: readonly string[],
): ReadonlyMap<string, ExperimentFact> | undefined {
  const facts = new Map<string, ExperimentFact>()
  for (const id of ids) {
    const fact = recalled.get(experiments, id)
    if (fact?.id !== id) return undefined
    facts.set(id, fact)
  }
  return facts
}

/** What it is asked for; what else is kept is looked for by other keys. */
export const recalledKinds: ReadonlySet<FactQuery['about']> = new Set([
  'defaultExperiment',
  'run',
  'loggedModel',
  'versionsOfRun',
  'experiments',
])

/** What an environment recalls of what nearly every request asks; undefined where MLflow has to be asked. */
export function recall(recalled: EnvironmentCache, memory: FactCaches, factQuery: FactQuery): Answer | undefined {
  switch (factQuery.about) {
    case 'defaultExperiment':
      return recalled.get(memory.defaults, factQuery.name)
    case 'run':
      return recalled.get(memory.runs, factQuery.id)
    case 'loggedModel':
      return recalled.get(memory.loggedModels, factQuery.id)
    case 'versionsOfRun':
      return recalled.get(memory.versionsOfRun, factQuery.runId)
    case 'experiments':
      return recallExperiments(recalled, memory, factQuery.ids)
    default:
      return undefined
  }
}
