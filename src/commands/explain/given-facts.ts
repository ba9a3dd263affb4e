import { type Environment, type PolicyConfig, type Stage, usesCatalog } from '../../policy/environments/environment.ts'
import type { Answer, ExperimentFact, FactQuery, VersionFact } from '../../policy/fact-query.ts'
import { defaultExperiment, resolveName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { FactSource } from '../../server/facts/evaluate.ts'
import { answerOf, type StoredFacts } from './stored-facts.ts'

type Id = string | number

/** A run, logged model, trace or other thing of an experiment, as written. */
interface GivenThing {
  readonly id: Id
  readonly experiment?: Id
  readonly environment?: string
  readonly run?: Id
  readonly artifacts?: string
}

interface GivenVersion {
  readonly model: string
  readonly environment?: string
  readonly version: Id
  readonly stage?: Stage
  readonly run?: Id
  readonly source?: string
  readonly aliases?: readonly string[]
}

/** What MLflow has, as an operator writes it. The schema describes each key. */
export interface GivenFacts {
  readonly experiments?: readonly { readonly id: Id; readonly environment?: string; readonly name?: string }[]
  readonly runs?: readonly GivenThing[]
  readonly loggedModels?: readonly GivenThing[]
  readonly traces?: readonly GivenThing[]
  readonly others?: readonly GivenThing[]
  readonly versions?: readonly GivenVersion[]
}

/** Something that the facts name and that is not there; the message is for the person who wrote them. */
export class FactsError extends Error {}

/** A decision that needs to know what nobody said. */
export class UnknownFact extends Error {}

/** Two lists of facts as one. */
export function joinFacts(first: GivenFacts, second: GivenFacts): GivenFacts {
  const keys = ['experiments', 'runs', 'loggedModels', 'traces', 'others', 'versions'] as const
  return Object.fromEntries(keys.map((key) => [key, [...(first[key] ?? []), ...(second[key] ?? [])]]))
}

/** Makes facts of what was written, with names as MLflow stores them. */
class FactMaker {
  readonly #config: PolicyConfig
  readonly #experiments: ExperimentFact[] = []

  constructor(config: PolicyConfig) {
    this.#config = config
  }

  make({ experiments = [], runs = [], loggedModels = [], traces = [], others = [], versions = [] }: GivenFacts): StoredFacts {
    for (const { id, environment, name = 'Default' } of experiments) {
      this.#experiments.push({ id: String(id), name: this.#stored('experiment', environment, name) })
    }
    const placed = (things: readonly GivenThing[]) => things.map((thing) => this.#place(thing))
    const models = placed(loggedModels).map((model) => ({ ...model, artifactUri: this.#artifacts(model, 'models/') }))
    const madeRuns = placed(runs).map((run) => ({ ...run, artifactUri: this.#artifacts(run, '') }))
    const sourceOf = (run: string | null) => madeRuns.find(({ id }) => id === run)?.artifactUri
    return {
      runs: madeRuns,
      loggedModels: models,
      traces: placed(traces),
      entities: Object.fromEntries(placed(others).map(({ id, experimentId }) => [id, [experimentId]])),
      versions: versions.map((version) => this.#version(version, sourceOf)),
      aliases: Object.fromEntries(versions.flatMap((version) => this.#aliases(version))),
      experiments: this.#experiments,
    }
  }

  #environment(name: string): Environment {
    const found = this.#config.environments.find((each) => each.name === name)
    if (found !== undefined) return found
    throw new FactsError(`The facts name the environment '${name}', which is not in the configuration.`)
  }

  /** A name as MLflow stores it. */
  #stored(kind: 'model' | 'experiment', environment: string | undefined, name: string): string {
    return environment === undefined ? name : resolveName(this.#config, this.#environment(environment), kind, name).upstream
  }

  /** The id of the environment's default experiment, which is there if something lies in it. */
  #default(environment: string): string {
    const name = defaultExperiment(this.#environment(environment))
    const known = this.#experiments.find((each) => each.name === name)
    if (known !== undefined) return known.id
    const isFree = (id: number) => this.#experiments.every((each) => each.id !== String(id))
    let id = 9001
    while (!isFree(id)) id++
    this.#experiments.push({ id: String(id), name })
    return String(id)
  }

  #place({ id, experiment, environment, run, artifacts }: GivenThing) {
    const where = experiment === undefined ? null : String(experiment)
    if (where === null && environment === undefined)
      throw new FactsError(`'${id}' has no place: add its experiment or its environment.`)
    if (where !== null && this.#experiments.every((each) => each.id !== where)) {
      throw new FactsError(`'${id}' lies in experiment '${where}': add that to the experiments.`)
    }
    return {
      id: String(id),
      experimentId: where ?? this.#default(environment ?? ''),
      sourceRunId: run === undefined ? null : String(run),
      artifacts,
    }
  }

  #artifacts(
    { id, experimentId, artifacts }: { id: string; experimentId: string; artifacts: string | undefined },
    folder: string,
  ): string {
    if (artifacts !== undefined) return artifacts
    const root = this.#config.kind === 'databricks' ? 'dbfs:/databricks/mlflow-tracking' : 'mlflow-artifacts:'
    return `${root}/${experimentId}/${folder}${id}/artifacts`
  }

  #version(
    { model, environment, version, stage = 'None', run, source, aliases = [] }: GivenVersion,
    sourceOf: (run: string | null) => string | undefined,
  ): VersionFact {
    const runId = run === undefined ? null : String(run)
    const own = sourceOf(runId)
    return {
      name: this.#stored('model', environment, model),
      version: String(version),
      stage,
      source: source ?? (own === undefined ? '' : `${own}/model`),
      runId,
      pendingStage: null,
      ...(usesCatalog(this.#config) ? { aliases } : {}),
    }
  }

  #aliases({ model, environment, version, aliases = [] }: GivenVersion): [string, string][] {
    const name = this.#stored('model', environment, model)
    return aliases.map((alias) => [`${name}@${alias}`, String(version)])
  }
}

/** What is looked up by ids that no list of facts has. */
const unsaid: ReadonlySet<FactQuery['about']> = new Set([
  'modelOfWebhook',
  'modelOfId',
  'endpointOfId',
  'gatewayThing',
  'gatewayUsers',
])

function wordsOf(query: FactQuery): string {
  const { about, ...rest } = query
  const said = Object.values(rest)
    .flat()
    .filter((value) => typeof value === 'string')
  return `${about.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${said.join(' ')}`.trim()
}

/** Answers questions from facts that were given: there is nothing else. Throws FactsError. */
export function factsGiven(config: PolicyConfig, facts: GivenFacts): FactSource {
  try {
    const stored = new FactMaker(config).make(facts)
    return {
      answer(query) {
        if (unsaid.has(query.about))
          throw new UnknownFact(`The decision needs the ${wordsOf(query)}, which facts cannot express: ask MLflow.`)
        return answerOf(stored, query)
      },
    }
  } catch (error) {
    throw error instanceof Refusal ? new FactsError(`The facts are impossible: ${error.message}`) : error
  }
}

/** Answers nothing: a decision that has to ask fails with what it would ask. A new environment's default experiment is not there yet. */
export const noFacts: FactSource = {
  answer(query): Answer {
    if (query.about === 'defaultExperiment') return null
    throw new UnknownFact(`The decision needs to know the ${wordsOf(query)}: give it by --facts, or ask MLflow.`)
  },
}
