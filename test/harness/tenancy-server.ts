import { text } from 'node:stream/consumers'
import type { FakeFacts } from '../fakes/fake-fact-source.ts'
import type { Reply } from '../fakes/fake-upstream.ts'
import { reply, startFakeUpstream } from '../fakes/fake-upstream.ts'
import { type LookUp, workspaceLookUps } from '../fixtures/workspace-look-ups.ts'

/** A request that the fake MLflow received. */
export interface Asked {
  readonly method: string
  readonly path: string
  /** Address and body, for words to be looked for in. */
  readonly text: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  /** One of the questions that the proxy itself asks before it decides. */
  readonly isLookUp: boolean
}

/** A fake MLflow that has all facts of a tenancy, answers the proxy's questions from it, and every other request with `{}`. */
export interface TenancyServer {
  readonly url: string
  /** What is answered before all else, by path and by body with query; null for what the facts say. */
  runScenarios: (path: string, said: string) => object | null
  /** The requests received since the last call. */
  take(): Asked[]
  close(): Promise<void>
}

const missing = { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'there is no such thing' }

const versionRow = (fact: FakeFacts['versions'][number] | undefined) =>
  fact === undefined
    ? null
    : {
        model_version: {
          name: fact.name,
          version: fact.version,
          current_stage: fact.stage,
          source: fact.source,
          run_id: fact.runId,
        },
      }

/** Rows of a search by a filter that the proxy writes: each clause is held against its column. */
function searchVersions(facts: FakeFacts, filter: string): object {
  const clauses = [...filter.matchAll(/(name|run_id|source_path) (=|LIKE) '([^']*)'/g)]
  const fits = (fact: FakeFacts['versions'][number]) =>
    clauses.every(([, key, comparator, value = '']) => {
      const text = key === 'name' ? fact.name : key === 'run_id' ? (fact.runId ?? '') : fact.source
      return comparator === '=' ? text === value : value.split('%').every((part) => text.includes(part))
    })
  const rows = facts.versions.filter(fits).map((fact) => versionRow(fact)?.model_version)
  return { model_versions: rows }
}

const lookUps: readonly LookUp[] = [
  ...workspaceLookUps,
  [
    /\/experiments\/get(-by-name)?$/,
    (facts, query) => {
      const fact = facts.experiments.find(
        ({ id, name }) => id === query.get('experiment_id') || name === query.get('experiment_name'),
      )
      return fact === undefined ? null : { experiment: { experiment_id: fact.id, name: fact.name } }
    },
  ],
  [
    /\/runs\/get$/,
    (facts, query) => {
      const fact = facts.runs.find(({ id }) => id === query.get('run_id'))
      return fact === undefined
        ? null
        : { run: { info: { run_id: fact.id, experiment_id: fact.experimentId, artifact_uri: fact.artifactUri } } }
    },
  ],
  [
    /\/logged-models\/m-[0-9a-f]{32}$/,
    (facts, _query, path) => {
      const fact = facts.loggedModels.find(({ id }) => path.endsWith(id))
      const info = fact && { model_id: fact.id, experiment_id: fact.experimentId, artifact_uri: fact.artifactUri }
      return info === undefined ? null : { model: { info } }
    },
  ],
  [/\/model-versions\/search$/, (facts, query) => searchVersions(facts, query.get('filter') ?? '')],
  [
    /\/(model-versions\/get|registered-models\/alias)$/,
    (facts, query) => {
      const name = query.get('name')
      const version = query.get('version') ?? facts.aliases?.[`${name}@${query.get('alias')}`]
      return versionRow(facts.versions.find((fact) => fact.name === name && fact.version === version))
    },
  ],
  [
    /\/api\/2\.0\/mlflow\/traces\/[^/]+\/info$/,
    (facts, _query, path) => {
      const fact = facts.traces?.find(({ id }) => path.includes(id))
      const request_metadata = [{ key: 'mlflow.sourceRun', value: fact?.sourceRunId ?? '' }]
      return fact === undefined
        ? null
        : { trace_info: { request_id: fact.id, experiment_id: fact.experimentId, request_metadata } }
    },
  ],
  // Where a workspace is asked for one trace; clients ask open-source servers for it in the same way.
  [
    /\/api\/3\.0\/mlflow\/traces\/(?!(?:get|batchGet)$)[^/]+$/,
    (facts, _query, path) => {
      const fact = facts.traces?.find(({ id }) => path.endsWith(`/${id}`))
      return fact === undefined ? null : { trace: { trace_info: traceRow(fact) } }
    },
  ],
  [
    /\/gateway\/(endpoints|model-definitions|secrets)\/get$/,
    (facts, query) => {
      const fact = facts.gateway?.find(({ id }) => [...query.values()].includes(id))
      if (fact === undefined) return null
      const { id, name, provider, secret } = fact
      const row = {
        ...{ endpoint_id: id, model_definition_id: id, secret_id: secret?.id ?? id, secret_name: secret?.name ?? name },
        ...{ name, provider, experiment_id: fact.experimentId, masked_values: { api_key: 'x' } },
      }
      return { endpoint: row, model_definition: row, secret: row }
    },
  ],
  [
    /\/api\/3\.0\/mlflow\/scorers\/list$/,
    (facts) => ({
      scorers: Object.entries(facts.entities ?? {}).map(([scorer_id, [id]]) => ({ scorer_id, experiment_id: Number(id) })),
    }),
  ],
  // Things whose experiments MLflow tells by their ids: in whatever form it does.
  [
    /\/(datasets\/[^/]+\/experiment-ids|issues\/[^/]+|label-schemas\/get|review-queues\/get)$/,
    (facts, query, path) => {
      const id = Object.keys(facts.entities ?? {}).find((key) => path.includes(key) || [...query.values()].includes(key))
      const experiments = id === undefined ? undefined : facts.entities?.[id]
      if (experiments === undefined) return null
      const thing = { experiment_id: experiments[0] }
      return { experiment_ids: experiments, issue: thing, label_schema: thing, review_queue: thing }
    },
  ],
]

const batchOfTraces = '/api/3.0/mlflow/traces/batchGetInfos'

type TraceOfFake = NonNullable<FakeFacts['traces']>[number]

function traceRow({ id, experimentId, sourceRunId }: TraceOfFake): object {
  return {
    trace_id: id,
    trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } },
    trace_metadata: { 'mlflow.sourceRun': sourceRunId ?? '' },
  }
}

function traceRows(facts: FakeFacts, body: string): object {
  return { trace_infos: (facts.traces ?? []).filter(({ id }) => body.includes(id)).map(traceRow) }
}

/** Whether a request is one of the questions that the proxy itself asks. */
export function isLookUp(method: string, path: string): boolean {
  return path === batchOfTraces || (method === 'GET' && lookUps.some(([pattern]) => pattern.test(path)))
}

/** What is special about a server. */
export interface TenancyOptions {
  /** How all but the proxy's questions are answered; left out: with `{}`. */
  readonly others?: Reply
  /** What becomes of the answer to a question at a path. */
  readonly dress?: (found: object, method: string, path: string, target: string) => object
  /** What is asked of it takes this many milliseconds of this clock: what is there longer than what is not. */
  readonly clock?: { pass(milliseconds: number): void }
  readonly delays?: { readonly found: number; readonly absent: number }
}

/** Starts the server on a free port of this machine. */
export async function startTenancyServer(
  facts: FakeFacts,
  { clock, delays, others = reply(200, {}), dress = (found) => found }: TenancyOptions = {},
): Promise<TenancyServer> {
  const upstream = await startFakeUpstream()
  upstream.knowledge.clear()
  const nothing: TenancyServer['runScenarios'] = () => null
  let runScenarios = nothing
  const answerTo = (method: string, url: URL, body: string): object | null | undefined => {
    if (url.pathname === batchOfTraces) return traceRows(facts, body)
    const [, find] = (method === 'GET' && lookUps.find(([path]) => path.test(url.pathname))) || []
    return find === undefined ? undefined : find(facts, url.searchParams, url.pathname)
  }
  const answer: Reply = async (request, response) => {
    const { method = '', url: target = '' } = request
    const url = new URL(target, upstream.url)
    const isAsked = isLookUp(method, url.pathname)
    // What is told is told of whole requests alone.
    const body = isAsked || runScenarios !== nothing ? await text(request) : ''
    const told = runScenarios(url.pathname, body + url.search)
    if (told !== null) return reply(200, told)(request, response)
    const found = answerTo(method, url, body)
    if (delays !== undefined) clock?.pass(found === null ? delays.absent : delays.found)
    if (found === undefined) return others(request, response)
    return reply(found === null ? 404 : 200, found === null ? missing : dress(found, method, url.pathname, target))(
      request,
      response,
    )
  }
  upstream.answer = answer
  return {
    url: upstream.url,
    get runScenarios() {
      return runScenarios
    },
    set runScenarios(value) {
      runScenarios = value
    },
    take: () =>
      upstream.received.splice(0).map(({ method, url, rawHeaders, body }) => {
        const [path = ''] = url.split('?')
        const text = `${decodeURIComponent(url.replaceAll('+', ' '))} ${body.toString('utf8')}`
        return { method, path, target: url, rawHeaders, body, text, isLookUp: isLookUp(method, path) }
      }),
    close: () => upstream.close(),
  }
}
