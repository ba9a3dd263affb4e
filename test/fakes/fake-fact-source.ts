import type { Decision } from '../../src/policy/decide.ts'
import { decide } from '../../src/policy/decide.ts'
import type { DecodedRequest } from '../../src/policy/decoded-request.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import type { ClientMode, Environment, PolicyConfig } from '../../src/policy/environments/environment.ts'
import type {
  Answer,
  ExperimentFact,
  FactQuery,
  LoggedModelFact,
  RunFact,
  TraceFact,
  VersionFact,
} from '../../src/policy/fact-query.ts'
import type { GatewayFact } from '../../src/policy/genai/gateway-thing.ts'
import type { Grant } from '../../src/policy/grant.ts'
import { type Json, JsonNumber, type JsonObject } from '../../src/policy/messages/json/json.ts'
import type { Refusal } from '../../src/policy/reasons.ts'

/** Everything that an MLflow server of a test has. */
export interface FakeFacts {
  readonly experiments: readonly ExperimentFact[]
  readonly runs: readonly RunFact[]
  readonly loggedModels: readonly LoggedModelFact[]
  readonly traces?: readonly TraceFact[]
  readonly versions: readonly VersionFact[]
  /** Version numbers by `name@alias`. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Experiments by the id of a data set, issue, label schema or review queue. */
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

/** An environment with the defaults of the configuration. */
export function makeEnvironment(name: string, over: Partial<Environment> = {}): Environment {
  const production = over.production ?? false
  return {
    name,
    production,
    groups: [`apps_${name}`],
    modelSuffix: `_${name}`,
    experimentRoot: `/experiments/${name}`,
    registrationStage: production ? 'Production' : 'Staging',
    promotesFrom: [],
    gateway: true,
    sourcePrefixes: [`s3://${name}-bucket/models/`],
    ...over,
  }
}

/** acc, preprod and prod in a Databricks workspace with a registry of its own; `over` is what is special about acc. */
export function makeWorkspace(over: Partial<Environment> = {}) {
  const acc = makeEnvironment('acc', over)
  const preprod = makeEnvironment('preprod')
  const prod = makeEnvironment('prod', { production: true, promotesFrom: ['acc'] })
  const config: PolicyConfig = { environments: [acc, prod, preprod], foldsCase: false, kind: 'databricks' }
  return { acc, preprod, prod, config }
}

/** Plain values as the JSON of a decoded message. */
export function toJson(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || value instanceof JsonNumber) return value
  if (typeof value === 'number' || typeof value === 'bigint') return new JsonNumber(String(value))
  if (Array.isArray(value)) return value.map(toJson)
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [String(key), toJson(item)]))
  return new Map(Object.entries(Object(value)).map(([key, item]) => [key, toJson(item)]))
}

/** A decoded message of plain values. */
export function toMessage(fields: Readonly<Record<string, unknown>>): JsonObject {
  return new Map(Object.entries(fields).map(([key, value]) => [key, toJson(value)]))
}

/** Where a version's artifacts are: copies lead to what they are copies of. */
function artifactsOf(world: FakeFacts, name: string, version: string, hops = 8): string | null {
  const fact = world.versions.find((each) => each.name === name && each.version === version)
  if (fact === undefined || hops === 0) return null
  const copy = /^models:\/(\w+)\/([0-9]+)$/.exec(fact.source)
  if (copy !== null) return artifactsOf(world, copy[1] ?? '', copy[2] ?? '', hops - 1)
  const logged = /^models:\/(m-[0-9a-f]{32})$/.exec(fact.source)?.[1]
  return logged === undefined ? fact.source : (world.loggedModels.find(({ id }) => id === logged)?.artifactUri ?? null)
}

/** The answer that a real world would give to a question. */
export function answerOf(world: FakeFacts, factQuery: FactQuery): Answer {
  const { versions } = world
  switch (factQuery.about) {
    case 'defaultExperiment':
      return world.experiments.find(({ name }) => name === factQuery.name)?.id ?? '777'
    case 'experiments':
      return new Map(world.experiments.filter(({ id }) => factQuery.ids.includes(id)).map((fact) => [fact.id, fact]))
    case 'experimentsNamed':
      return world.experiments.filter(({ name }) => name.startsWith(factQuery.pattern.replace('%', '')))
    case 'experimentsOf': {
      const known = factQuery.ids.flatMap((id): [string, readonly string[]][] => {
        const experiments = world.entities?.[id] ?? []
        return experiments.length > 0 ? [[id, experiments]] : []
      })
      return new Map(known)
    }
    case 'run':
      return world.runs.find(({ id }) => id === factQuery.id) ?? null
    case 'loggedModel':
      return world.loggedModels.find(({ id }) => id === factQuery.id) ?? null
    case 'traces':
      return new Map((world.traces ?? []).filter(({ id }) => factQuery.ids.includes(id)).map((fact) => [fact.id, fact]))
    case 'version':
      return versions.find(({ name, version }) => name === factQuery.name && version === factQuery.version) ?? null
    case 'artifactsOfVersion':
      return artifactsOf(world, factQuery.name, factQuery.version)
    case 'alias': {
      const number = world.aliases?.[`${factQuery.name}@${factQuery.alias}`]
      return versions.find(({ name, version }) => name === factQuery.name && version === number) ?? null
    }
    case 'versionsOfModel':
      return versions.filter(({ name }) => name === factQuery.name)
    case 'versionsOfRun':
      return versions.filter(
        ({ runId, source }) => runId === factQuery.runId || (factQuery.fresh && source.includes(`/${factQuery.runId}/`)),
      )
    case 'versionsFromSource':
      return versions.filter(({ source }) => source === factQuery.source)
    case 'versionsOfLoggedModel':
      return versions.filter(({ source }) => source.includes(factQuery.id))
    case 'productionVersions':
      return versions.filter(({ name, stage }) => stage === 'Production' || factQuery.suffixes.some((s) => name.endsWith(s)))
    case 'modelOfWebhook':
      return world.webhooks?.[factQuery.id] ?? null
    case 'modelOfId':
      return world.modelIds?.[factQuery.id] ?? null
    case 'endpointOfId':
      return world.endpointIds?.[factQuery.id] ?? null
    case 'gatewayThing':
      return world.gateway?.find(({ id }) => id === factQuery.id) ?? null
    case 'gatewayUsers':
      return world.gatewayUsers?.[factQuery.id] ?? []
  }
}

/** A decision, and what was asked on the way to it. */
export interface Judged {
  readonly decision: Decision
  readonly questions: readonly FactQuery[]
}

/** Follows a decision to its end in a fake world. */
export function judge(config: PolicyConfig, caller: Environment, request: DecodedRequest, world: FakeFacts): Judged {
  const evaluation = decide(config, caller, request)
  const questions: FactQuery[] = []
  let step = evaluation.next()
  while (!step.done) {
    questions.push(step.value)
    step = evaluation.next(answerOf(world, step.value))
  }
  return { decision: step.value, questions }
}

/** A request of plain values to an endpoint of the table. */
export function requestTo(
  endpointName: string,
  fields: Readonly<Record<string, unknown>>,
  mode: ClientMode = 'http',
): DecodedRequest {
  const tables = [...(mode === 'http' ? [endpointTable('mlflow')] : []), endpointTable('databricks', mode)]
  const endpoint = tables.map(({ open }) => open.get(endpointName)).find((found) => found !== undefined)
  if (endpoint === undefined) throw new Error(`the table has no ${endpointName}`)
  return { endpointName, endpoint, message: toMessage(fields), mode }
}

/** The grant of a decision that must be one. */
export function grantOf({ decision }: Judged): Grant {
  if ('allow' in decision) return decision.allow
  throw new Error(`denied (${decision.deny.reason}): ${decision.deny.message}`)
}

/** The refusal of a decision, or null for a grant. */
export function refusalOf({ decision }: Judged): Refusal | null {
  return 'deny' in decision ? decision.deny : null
}

/** What a decision says, in a word: `allow`, or the reason of the refusal. */
export function verdictOf(judged: Judged): string {
  return refusalOf(judged)?.reason ?? 'allow'
}
