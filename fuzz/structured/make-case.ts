import type { ClosedEndpoint, OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import type { ClientMode, ServerKind } from '../../src/policy/environments/environment.ts'
import type { JsonObject } from '../../src/policy/messages/json/json.ts'
import { printJson } from '../../src/policy/messages/json/json-text.ts'
import { crossCaseMessage } from '../../test/attacks/cross-environment-case.ts'
import { crossEnvironmentCases } from '../../test/attacks/cross-environment-cases.ts'
import { toJson } from '../../test/fakes/fake-fact-source.ts'
import { fits, goodMessage } from '../../test/fixtures/full-message.ts'
import { type ClientRequest, writeRequest } from '../../test/fixtures/message-request.ts'
import type { Belongings } from '../../test/fixtures/tenancy.ts'
import { Random } from '../random.ts'
import { mutateMessage, textsIn } from './mutate-message.ts'
import { mutateRequest } from './mutate-request.ts'
import type { WireRequest } from './wire-request.ts'

/** What requests are built from: the owners' data and the kind of upstream. */
export interface ScenarioServer {
  readonly kind: ServerKind
  readonly mode: ClientMode
  readonly places: readonly [Belongings, ...Belongings[]]
  /** The access token of an environment's callers. */
  readonly tokens: ReadonlyMap<string, string>
}

/** One request, generated from its seed. */
export interface Case {
  readonly seed: number
  readonly caller: Belongings
  /** The endpoint's name in the table, or the path of a closed one. */
  readonly endpoint: string
  readonly request: WireRequest
}

interface Draft {
  readonly endpoint: string
  readonly request: ClientRequest
  readonly foreign: readonly string[]
}

/** Everything of other owners that a request can name. */
function foreignTexts(others: readonly Belongings[]): string[] {
  return others.flatMap(
    ({ environment, experiment, frozenExperiment, run, model, trace, entity, stored, artifacts, gateway }) => [
      ...[
        experiment,
        frozenExperiment,
        run(1),
        run(2),
        model(1),
        trace(1),
        entity('d'),
        entity('iss'),
        gateway('e'),
        stored('fraud'),
      ],
      ...[`${environment.experimentRoot}/churn`, `models:/${stored('fraud')}/1`, `runs:/${run(1)}/model`, `models:/${model(1)}`],
      ...[
        artifacts(run(1)),
        `${experiment}/${run(1)}/artifacts/x`,
        `name = '${stored('fraud')}'`,
        `name LIKE '%_${environment.name}'`,
      ],
    ],
  )
}

function draftMessage(random: Random, endpoint: OpenEndpoint, caller: Belongings, other: Belongings): JsonObject {
  const fields = Object.entries(endpoint.fields)
  const [selector, meaning] = random.maybe(fields) ?? ['', 'free']
  if (selector === '' || random.once(3)) return goodMessage(endpoint, caller)
  const crossCase = { caller, other, endpoint, selector }
  const cases = crossEnvironmentCases[meaning](crossCase).filter(({ value }) => fits(endpoint, selector, value))
  const chosen = random.maybe(cases)
  if (chosen === undefined) return goodMessage(endpoint, caller)
  const value = chosen.twin !== undefined && random.once(6) ? chosen.twin : chosen.value
  return crossCaseMessage(crossCase, meaning, value)
}

function draftOpen(random: Random, endpoint: OpenEndpoint, caller: Belongings, others: readonly Belongings[]): Draft {
  const other = random.pick(others)
  const message = draftMessage(random, endpoint, caller, other)
  const foreign = random.once(3) ? textsIn(goodMessage(endpoint, other)) : foreignTexts(others)
  for (let left = random.pick([0, 0, 1, 1, 2, 3]); left > 0; left--) mutateMessage(random, message, foreign)
  return { endpoint: endpoint.name, request: write(random, endpoint, message), foreign }
}

/** A message that does not fit into a query is sent as a body. */
function write(random: Random, endpoint: OpenEndpoint, message: JsonObject): ClientRequest {
  const prefix = random.pick(['', '', '', '/env/acc']) + random.pick(endpoint.prefixes)
  try {
    return writeRequest(endpoint, message, prefix)
  } catch {
    const { request: _, ...body } = { request: endpoint, text: printJson(message) }
    const path = endpoint.path.replace(/\{([^}]+)\}/g, (_, name: string) =>
      encodeURIComponent(String(message.get(name) ?? '').toWellFormed()),
    )
    return { method: endpoint.method, target: prefix + path, headers: { 'content-type': 'application/json' }, body: body.text }
  }
}

function draftClosed(random: Random, endpoint: ClosedEndpoint, others: readonly Belongings[]): Draft {
  const foreign = foreignTexts(others)
  const path = endpoint.path.replace(/\{[^}]+\}/g, () => encodeURIComponent(random.pick(foreign)))
  const said = { experiment_id: random.pick(foreign), name: random.pick(foreign) }
  const inQuery = endpoint.method === 'GET' ? `?${new URLSearchParams(said)}` : ''
  const target = `${random.maybe(endpoint.prefixes) ?? ''}${path}${inQuery}`
  const body = endpoint.method === 'GET' ? null : JSON.stringify(said)
  return {
    endpoint: `closed ${path}`,
    request: { method: endpoint.method, target, headers: { 'content-type': 'application/json' }, body },
    foreign,
  }
}

const queries = [
  'query Q($i: MlflowGetRunInput){mlflowGetRun(input:$i){run{info{runId experimentId artifactUri} data{tags{key value} params{key value}} experiment{name} modelVersions{name}}}}',
  'query Q($i: MlflowGetExperimentInput){mlflowGetExperiment(input:$i){experiment{experimentId name artifactLocation tags{key value}}}}',
  'mutation Q($i: MlflowSearchRunsInput){mlflowSearchRuns(input:$i){runs{info{runId} experiment{name tags{value}} data{tags{value}}}}}',
  'query Q($i: MlflowSearchModelVersionsInput){mlflowSearchModelVersions(input:$i){modelVersions{name source runId description}}}',
  'query Q($i: MlflowListArtifactsInput){mlflowListArtifacts(input:$i){files{path} rootUri}}',
  'query Q($i: MlflowGetMetricHistoryBulkIntervalInput){mlflowGetMetricHistoryBulkInterval(input:$i){metrics{runId value}}}',
]

function draftGraphql(random: Random, caller: Belongings, others: readonly Belongings[]): Draft {
  const place = random.once(3) ? caller : random.pick(others)
  const foreign = foreignTexts(others)
  const input = {
    runId: place.run(1),
    runIds: [place.run(1)],
    experimentId: place.experiment,
    experimentIds: [place.experiment],
    filter: `name = '${place.stored('fraud')}'`,
  }
  const query = random.pick(queries)
  const wanted =
    query.includes('GetRunInput') || query.includes('Artifacts')
      ? ['runId']
      : query.includes('Experiment(')
        ? ['experimentId']
        : query.includes('SearchRuns')
          ? ['experimentIds', 'filter']
          : query.includes('Bulk')
            ? ['runIds']
            : ['filter']
  const i = Object.fromEntries(Object.entries(input).filter(([name]) => wanted.includes(name)))
  const inline = query.replace(/\$i: \w+/, '$x: Int').replace('$i', JSON.stringify(i).replace(/"(\w+)":/g, '$1:'))
  const message = toJson(random.once(3) ? { query: inline } : { query, variables: { i } })
  if (message instanceof Map) for (let left = random.below(3); left > 0; left--) mutateMessage(random, message, foreign)
  return {
    endpoint: 'graphql',
    request: { method: 'POST', target: '/graphql', headers: { 'content-type': 'application/json' }, body: printJson(message) },
    foreign,
  }
}

function draft(random: Random, { kind, mode }: ScenarioServer, caller: Belongings, others: readonly Belongings[]): Draft {
  const { open, closed } = endpointTable(kind, mode)
  const once = random.below(100)
  if (once < 4) return draftClosed(random, random.pick(closed), others)
  if (once < 8 && kind === 'mlflow') return draftGraphql(random, caller, others)
  return draftOpen(random, random.pick([...open.values()]), caller, others)
}

/** The request of a seed. Most come from acc's callers; some are unchanged, most are changed in how they are written. */
export function makeCase(ground: ScenarioServer, seed: number): Case {
  const random = new Random(seed)
  const caller = random.once(4) ? random.pick(ground.places) : ground.places[0]
  const others = ground.places.filter((place) => place !== caller)
  const { endpoint, request, foreign } = draft(random, ground, caller, others)
  const { method, target, headers, body } = request
  const token = ground.tokens.get(caller.environment.name) ?? ''
  let written: WireRequest = {
    method,
    target,
    headers: [...Object.entries({ Host: '127.0.0.1', ...headers }), ['Authorization', `Bearer ${token}`]],
    body: body === null ? null : Buffer.from(body),
    chunked: false,
    abortAt: null,
  }
  for (let left = random.pick([0, 0, 1, 1, 1, 2, 3]); left > 0; left--) written = mutateRequest(random, written, foreign)
  return { seed, caller, endpoint, request: written }
}
