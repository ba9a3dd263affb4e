import type { Stage } from './environments/environment.ts'
import type { EntityKind } from './genai/entity.ts'
import type { GatewayFact, GatewayKind } from './genai/gateway-thing.ts'
import type { UpstreamName } from './names/names.ts'

/** What a decision may ask about MLflow. The server answers from MLflow or from its cache; `null`: there is no such thing. */
export type FactQuery =
  /** The id of an experiment that the proxy itself makes, by its name; null: it is not there yet. */
  | { readonly about: 'defaultExperiment'; readonly name: UpstreamName }
  | { readonly about: 'experiments'; readonly ids: readonly string[] }
  /** The experiments to which each thing belongs; what belongs to none is left out, like what is not there. */
  | { readonly about: 'experimentsOf'; readonly kind: EntityKind; readonly ids: readonly string[] }
  | { readonly about: 'run'; readonly id: string }
  | { readonly about: 'loggedModel'; readonly id: string }
  /** The experiments whose names fit a `LIKE` pattern, deleted ones too; null where there are more than a request can name. */
  | { readonly about: 'experimentsNamed'; readonly pattern: string }
  /** Those of the traces that there are, by the ids that were asked for. Every attempt but the first, 0, comes after a pause. */
  | { readonly about: 'traces'; readonly ids: readonly string[]; readonly attempt: number }
  | { readonly about: 'version'; readonly name: UpstreamName; readonly version: string }
  /** Where MLflow finds a version's artifacts, whatever its source says. */
  | { readonly about: 'artifactsOfVersion'; readonly name: string; readonly version: string }
  | { readonly about: 'alias'; readonly name: UpstreamName; readonly alias: string }
  | { readonly about: 'versionsOfModel'; readonly name: UpstreamName }
  /** Versions made from a run: by their run id and, where `fresh`, also by a source that lies in it, and never from a cache. */
  | { readonly about: 'versionsOfRun'; readonly runId: string; readonly fresh: boolean }
  | { readonly about: 'versionsFromSource'; readonly source: string }
  /** Versions made from a logged model: by its `models:/` URI, or by a source that lies in its artifacts. */
  | { readonly about: 'versionsOfLoggedModel'; readonly id: string }
  /** Every version of the models whose names end so, and every other one in stage Production. */
  | { readonly about: 'productionVersions'; readonly suffixes: readonly string[] }
  /** The registered model that a webhook of a Databricks workspace listens to. Where the workspace tells no other way, models with this suffix are gone through. */
  | { readonly about: 'modelOfWebhook'; readonly id: string; readonly suffix: string }
  /** The registered model that a Databricks workspace knows by this id. Only models with this suffix are looked at. */
  | { readonly about: 'modelOfId'; readonly id: string; readonly suffix: string }
  /** The name of the serving endpoint that a Databricks workspace knows by this id. */
  | { readonly about: 'endpointOfId'; readonly id: string }
  | { readonly about: 'gatewayThing'; readonly kind: GatewayKind; readonly id: string }
  /** The names of the model definitions that use a secret, or of the endpoints that use a model definition. */
  | { readonly about: 'gatewayUsers'; readonly kind: 'modelDefinition' | 'gatewaySecret'; readonly id: string }

export interface ExperimentFact {
  readonly id: string
  readonly name: string
}

export interface RunFact {
  readonly id: string
  readonly experimentId: string
  readonly artifactUri: string
}

export interface LoggedModelFact {
  readonly id: string
  readonly experimentId: string
  readonly sourceRunId: string | null
  readonly artifactUri: string
}

export interface TraceFact {
  readonly id: string
  readonly experimentId: string
  /** The run that the trace says it was made in. */
  readonly sourceRunId: string | null
}

export interface VersionFact {
  readonly name: string
  readonly version: string
  readonly stage: Stage
  readonly source: string
  readonly runId: string | null
  /** The registration stage that a version still waits for, because its transition failed. */
  readonly pendingStage: Stage | null
  /** In Unity Catalog, the alias that it still waits for. */
  readonly pendingAlias?: string
  /** In Unity Catalog, the aliases that point at it. */
  readonly aliases?: readonly string[]
  /** Somebody asks to promote it: what it is made of must stay as it is. */
  readonly asked?: true
  /** A workspace still copies its files, and may refuse to move it until it has. */
  readonly copying?: true
}

/** The answer that belongs to each question. */
export interface Answers {
  readonly defaultExperiment: string | null
  readonly experiments: ReadonlyMap<string, ExperimentFact>
  readonly experimentsOf: ReadonlyMap<string, readonly string[]>
  readonly run: RunFact | null
  readonly loggedModel: LoggedModelFact | null
  readonly experimentsNamed: readonly ExperimentFact[] | null
  readonly traces: ReadonlyMap<string, TraceFact>
  readonly version: VersionFact | null
  readonly artifactsOfVersion: string | null
  readonly alias: VersionFact | null
  readonly versionsOfModel: readonly VersionFact[]
  readonly versionsOfRun: readonly VersionFact[]
  readonly versionsFromSource: readonly VersionFact[]
  readonly versionsOfLoggedModel: readonly VersionFact[]
  readonly productionVersions: readonly VersionFact[]
  readonly modelOfWebhook: string | null
  readonly modelOfId: string | null
  readonly endpointOfId: string | null
  readonly gatewayThing: GatewayFact | null
  readonly gatewayUsers: readonly string[]
}

export type About = FactQuery['about']
export type Answer = Answers[About]
/** Pure code that may ask: it yields questions and is resumed with their answers. */
export type Evaluation<T> = Generator<FactQuery, T, Answer>

/** Asks one question. Whoever drives the inquiry answers each question with what `Answers` says for it. */
export function* ask<A extends About>(factQuery: Extract<FactQuery, { about: A }>): Evaluation<Answers[A]> {
  const answer = yield factQuery
  return answer as Answers[A]
}
