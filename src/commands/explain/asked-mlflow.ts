import type { Environment } from '../../policy/environments/environment.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Config } from '../../server/config/config-types.ts'
import { openUpstream } from '../../server/databricks/open-upstream.ts'
import type { FactSource } from '../../server/facts/evaluate.ts'
import { FactCaches } from '../../server/facts/fact-cache.ts'
import { MlflowFacts } from '../../server/facts/mlflow-facts.ts'
import { type Asked, type Explanation, explainRequest } from './explanation.ts'

/**
 * Asks MLflow, and reads only. Every decision asks for the environment's default experiment, and few depend on it: where MLflow
 * cannot be asked, it counts as absent, and `missed` says why.
 */
class AskedMlflow implements FactSource {
  readonly #facts: MlflowFacts
  missed: string | null = null

  constructor(facts: MlflowFacts) {
    this.#facts = facts
  }

  async answer(query: Parameters<FactSource['answer']>[0]) {
    try {
      return await this.#facts.answer(query)
    } catch (error) {
      if (query.about !== 'defaultExperiment' || !(error instanceof Refusal)) throw error
      this.missed = error.message
      return null
    }
  }
}

/** Decides about a request as the proxy would, with facts that MLflow is asked for. */
export async function explainByMlflow(config: Config, asked: Asked): Promise<Explanation> {
  const upstream = openUpstream(config.upstream)
  const memory = new FactCaches()
  const sources: AskedMlflow[] = []
  const sourceFor = ({ name }: Environment) => {
    const source = new AskedMlflow(new MlflowFacts({ upstream, memory, caller: { authorization: null, environment: name } }))
    sources.push(source)
    return source
  }
  try {
    const explanation = await explainRequest(config, asked, sourceFor)
    const missed = sources.find((source) => source.missed !== null)?.missed ?? null
    if (missed === null || explanation.makes.length === 0) return explanation
    return { ...explanation, decision: 'undecided', reason: 'upstream-unavailable', message: missed }
  } finally {
    await upstream.close()
  }
}
