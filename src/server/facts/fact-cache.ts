import { LRUCache } from 'lru-cache'
import type { ExperimentFact, LoggedModelFact, RunFact, TraceFact, VersionFact } from '../../policy/fact-query.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { ownText } from '../../policy/names/own-text.ts'
import { entriesAtMost } from '../limits/entries-at-most.ts'
import type { EnvironmentCache } from './environment-cache.ts'
import { readLoggedModel, readRun } from './look-up-answers.ts'
import { SharedAnswers } from './shared-answers.ts'

/** Milliseconds. Facts that cannot change are kept for long; a name may change without the proxy's knowledge, so it is kept briefly. */
const keep = { immutable: 60 * 60 * 1000, name: 1_000, versions: 1_000, defaultExperiment: 60_000 } as const

/** Its keys are ids from requests: they are copied, so that they do not keep the whole request in memory. */
class FactCache<V extends {}> extends LRUCache<string, V> {
  override set(...[key, ...rest]: Parameters<LRUCache<string, V>['set']>): this {
    return super.set(ownText(key), ...rest)
  }
}

/** Facts kept between requests: relations, never decisions. Each environment only sees its own. */
export class FactCaches {
  readonly experiments = new FactCache<ExperimentFact>({ ...entriesAtMost(20_000), ttl: keep.name })
  readonly runs = new FactCache<RunFact>({ ...entriesAtMost(100_000), ttl: keep.immutable })
  readonly loggedModels = new FactCache<LoggedModelFact>({ ...entriesAtMost(20_000), ttl: keep.immutable })
  /** Briefly: a trace may be deleted and its id used again. */
  readonly traces = new FactCache<TraceFact>({ ...entriesAtMost(20_000), ttl: keep.name })
  readonly versionsOfRun = new FactCache<readonly VersionFact[]>({ ...entriesAtMost(20_000), ttl: keep.versions })
  /** The experiments of things with globally unique ids. */
  readonly entities = new FactCache<readonly string[]>({ ...entriesAtMost(20_000), ttl: keep.immutable })
  readonly defaults = new FactCache<string>({ ...entriesAtMost(1_000), ttl: keep.defaultExperiment })
  /** Names of models by the ids that a Databricks workspace gives them. */
  readonly modelIds = new FactCache<string>({ ...entriesAtMost(20_000), ttl: keep.immutable })
  readonly underWay = new SharedAnswers()

  /** Remembers things from MLflow's answers to callers, because clients usually go on with what they created. */
  learn(answer: JsonObject, environmentCache: EnvironmentCache): void {
    const info = (key: string) => {
      const thing = answer.get(key)
      const about = thing instanceof Map ? thing.get('info') : undefined
      return about instanceof Map && typeof about.get('experiment_id') === 'string' ? about : null
    }
    if (typeof info('run')?.get('run_id') === 'string') {
      const run = readRun(answer)
      environmentCache.set(this.runs, run.id, run)
    }
    if (typeof info('model')?.get('model_id') === 'string') {
      const model = readLoggedModel(answer)
      environmentCache.set(this.loggedModels, model.id, model)
    }
    const registered = answer.get('registered_model_databricks')
    const [id, name] = registered instanceof Map ? [registered.get('id'), registered.get('name')] : []
    if (typeof id === 'string' && typeof name === 'string') environmentCache.set(this.modelIds, id, ownText(name))
  }
}
