import type {
  Answer,
  ExperimentFact,
  FactQuery,
  LoggedModelFact,
  RunFact,
  TraceFact,
  VersionFact,
} from '../../policy/fact-query.ts'
import type { GatewayFact } from '../../policy/genai/gateway-thing.ts'

/** Everything that an MLflow server is said to have: what is not listed does not exist. */
export interface StoredFacts {
  readonly experiments: readonly ExperimentFact[]
  readonly runs: readonly RunFact[]
  readonly loggedModels: readonly LoggedModelFact[]
  readonly traces?: readonly TraceFact[]
  readonly versions: readonly VersionFact[]
  /** Version numbers by `name@alias`. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Experiments by the id of a data set, issue, label schema, review queue or scorer. */
  readonly entities?: Readonly<Record<string, readonly string[]>>
  /** Model names by the id of a webhook of theirs. */
  readonly webhooks?: Readonly<Record<string, string>>
  /** Model names by the id that a Databricks workspace gives them. */
  readonly modelIds?: Readonly<Record<string, string>>
  /** Names of serving endpoints by their ids. */
  readonly endpointIds?: Readonly<Record<string, string>>
  /** Things of the AI gateway. */
  readonly gateway?: readonly GatewayFact[]
  /** Names of what uses a secret or a model definition, by its id. */
  readonly gatewayUsers?: Readonly<Record<string, readonly string[]>>
}

type VersionQuery = Extract<FactQuery, { about: 'version' | 'artifactsOfVersion' | 'alias' | `${string}ersions${string}` }>

/** Where a version's artifacts are: copies lead to what they are copies of. */
function artifactsOf(stored: StoredFacts, name: string, version: string, hops = 8): string | null {
  const fact = stored.versions.find((each) => each.name === name && each.version === version)
  if (fact === undefined || hops === 0) return null
  const [, copied = '', number = ''] = /^models:\/(\w+)\/([0-9]+)$/.exec(fact.source) ?? []
  if (copied !== '') return artifactsOf(stored, copied, number, hops - 1)
  const logged = /^models:\/(m-[0-9a-f]{32})$/.exec(fact.source)?.[1]
  return logged === undefined ? fact.source : (stored.loggedModels.find(({ id }) => id === logged)?.artifactUri ?? null)
}

function versionsIn(stored: StoredFacts, query: VersionQuery): Answer {
  const { versions } = stored
  switch (query.about) {
    case 'version':
      return versions.find(({ name, version }) => name === query.name && version === query.version) ?? null
    case 'artifactsOfVersion':
      return artifactsOf(stored, query.name, query.version)
    case 'alias': {
      const number = stored.aliases?.[`${query.name}@${query.alias}`]
      return versions.find(({ name, version }) => name === query.name && version === number) ?? null
    }
    case 'versionsOfModel':
      return versions.filter(({ name }) => name === query.name)
    case 'versionsOfRun':
      return versions.filter(({ runId, source }) => runId === query.runId || (query.fresh && source.includes(`/${query.runId}/`)))
    case 'versionsFromSource':
      return versions.filter(({ source }) => source === query.source)
    case 'versionsOfLoggedModel':
      return versions.filter(({ source }) => source.includes(query.id))
    case 'productionVersions':
      return versions.filter(({ name, stage }) => stage === 'Production' || query.suffixes.some((s) => name.endsWith(s)))
  }
}

function entitiesIn({ entities = {} }: StoredFacts, ids: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const known = ids.map((id): [string, readonly string[]] => [id, entities[id] ?? []])
  return new Map(known.filter(([, experiments]) => experiments.length > 0))
}

/** The answer that such a server gives to a question. */
export function answerOf(stored: StoredFacts, query: FactQuery): Answer {
  switch (query.about) {
    case 'defaultExperiment':
      return stored.experiments.find(({ name }) => name === query.name)?.id ?? null
    case 'experiments':
      return new Map(stored.experiments.filter(({ id }) => query.ids.includes(id)).map((fact) => [fact.id, fact]))
    case 'experimentsNamed':
      return stored.experiments.filter(({ name }) => name.startsWith(query.pattern.replace('%', '')))
    case 'experimentsOf':
      return entitiesIn(stored, query.ids)
    case 'run':
      return stored.runs.find(({ id }) => id === query.id) ?? null
    case 'loggedModel':
      return stored.loggedModels.find(({ id }) => id === query.id) ?? null
    case 'traces':
      return new Map((stored.traces ?? []).filter(({ id }) => query.ids.includes(id)).map((fact) => [fact.id, fact]))
    case 'modelOfWebhook':
      return stored.webhooks?.[query.id] ?? null
    case 'modelOfId':
      return stored.modelIds?.[query.id] ?? null
    case 'endpointOfId':
      return stored.endpointIds?.[query.id] ?? null
    case 'gatewayThing':
      return stored.gateway?.find(({ id }) => id === query.id) ?? null
    case 'gatewayUsers':
      return stored.gatewayUsers?.[query.id] ?? []
    default:
      return versionsIn(stored, query)
  }
}
