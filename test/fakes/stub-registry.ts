import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { listen } from '../harness/listen.ts'

interface StubModel {
  name: string
  readonly created: number
  readonly isPrompt?: boolean
  readonly versions?: readonly { readonly stage?: string; readonly runId?: string; readonly source?: string }[]
  readonly aliases?: readonly { readonly alias: string; readonly version: string }[]
}

interface StubExperiment {
  readonly id: string
  name: string
  deleted?: boolean
}

/** Answers a request in the stub's place; false: the stub answers. */
type Interruption = (path: string, fields: Readonly<Record<string, string>>, response: ServerResponse) => boolean

/** What MLflow holds of models and experiments, and nothing else of it: lists come in pages of two. */
export interface StubRegistry {
  readonly url: string
  readonly models: StubModel[]
  readonly experiments: StubExperiment[]
  /** Experiments of runs. */
  readonly runs: Map<string, string>
  /** What was asked: method and path below the API. */
  readonly asked: string[]
  /** The workspaces in which it was asked. */
  readonly workspaces: Set<unknown>
  interrupt: Interruption
  close(): Promise<void>
}

const notFound = { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'not there' }
const taken = { error_code: 'RESOURCE_ALREADY_EXISTS', message: 'already exists' }

export function sendJson(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

function pageOf<T>(rows: readonly T[], key: string, { page_token = '0' }: Readonly<Record<string, string>>): object {
  const from = Number(page_token)
  const more = from + 2 < rows.length ? { next_page_token: String(from + 2) } : {}
  return { [key]: rows.slice(from, from + 2), ...more }
}

const versionRows = ({ name, versions = [] }: StubModel) =>
  versions.map(({ stage = 'None', runId = '', source = 's3://bucket/x' }, at) => ({
    name,
    version: String(at + 1),
    current_stage: stage,
    run_id: runId,
    source,
  }))

const modelRow = (model: StubModel) => ({
  name: model.name,
  creation_timestamp: model.created,
  aliases: model.aliases ?? [],
  latest_versions: versionRows(model).slice(-1),
})

const experimentRow = ({ id, name, deleted }: StubExperiment) => ({
  experiment_id: id,
  name,
  creation_time: 1000 + Number(id),
  lifecycle_stage: deleted ? 'deleted' : 'active',
})

/** What the stub does for each path. */
function routesOf({ models, experiments, runs }: Pick<StubRegistry, 'models' | 'experiments' | 'runs'>) {
  type Fields = Readonly<Record<string, string>>
  const modelNamed = (name = '') => models.find((model) => model.name === name)
  const found = (body: object | undefined): [number, object] => (body === undefined ? [404, notFound] : [200, body])
  return new Map<string, (fields: Fields) => [number, object]>([
    [
      'registered-models/search',
      (fields) => {
        const rows = models.filter(({ isPrompt = false }) => isPrompt === (fields.filter ?? '').includes('is_prompt'))
        return [200, pageOf(rows.map(modelRow), 'registered_models', fields)]
      },
    ],
    [
      'registered-models/get',
      ({ name }) => {
        const model = modelNamed(name)
        return found(model && { registered_model: modelRow(model) })
      },
    ],
    [
      'registered-models/rename',
      ({ name, new_name = '' }) => {
        const model = modelNamed(name)
        if (model === undefined) return [404, notFound]
        if (modelNamed(new_name) !== undefined) return [400, taken]
        model.name = new_name
        return [200, { registered_model: modelRow(model) }]
      },
    ],
    [
      'model-versions/search',
      ({ filter = '' }) => {
        const model = models.find(({ name }) => filter === `name = '${name}'`)
        return [200, { model_versions: model === undefined ? [] : versionRows(model).reverse() }]
      },
    ],
    [
      'experiments/search',
      (fields) => {
        const rows = experiments.filter(({ deleted }) => fields.view_type === 'ALL' || !deleted)
        return [200, pageOf(rows.map(experimentRow), 'experiments', fields)]
      },
    ],
    [
      'experiments/get',
      ({ experiment_id }) => {
        const experiment = experiments.find(({ id }) => id === experiment_id)
        return found(experiment && { experiment: experimentRow(experiment) })
      },
    ],
    [
      'experiments/get-by-name',
      ({ experiment_name }) => {
        const experiment = experiments.find(({ name }) => name === experiment_name)
        return found(experiment && { experiment: experimentRow(experiment) })
      },
    ],
    [
      'experiments/update',
      ({ experiment_id, new_name = '' }) => {
        const experiment = experiments.find(({ id }) => id === experiment_id)
        if (experiment === undefined) return [404, notFound]
        if (experiments.some(({ name }) => name === new_name)) return [400, taken]
        experiment.name = new_name
        return [200, {}]
      },
    ],
    [
      'runs/get',
      ({ run_id = '' }) => {
        const experiment_id = runs.get(run_id)
        return found(experiment_id === undefined ? undefined : { run: { info: { run_id, experiment_id } } })
      },
    ],
  ])
}

/** Starts the stub on a free port of this machine. */
export async function startStubRegistry(): Promise<StubRegistry> {
  const world = { models: [], experiments: [{ id: '0', name: 'Default' }], runs: new Map<string, string>() }
  const routes = routesOf(world)
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stub')
    const path = pathname.replace('/api/2.0/mlflow/', '')
    const fields = request.method === 'GET' ? Object.fromEntries(searchParams) : JSON.parse((await text(request)) || '{}')
    stub.workspaces.add(request.headers['x-mlflow-workspace'])
    stub.asked.push(`${request.method} ${path}`)
    if (stub.interrupt(path, fields, response)) return
    const [status, body] = routes.get(path)?.(fields) ?? [404, notFound]
    sendJson(response, status, body)
  }
  const server = createServer((request, response) => void answer(request, response))
  const port = await listen(server)
  const close = async () => {
    server.closeAllConnections()
    server.close()
  }
  const stub: StubRegistry = {
    url: `http://127.0.0.1:${port}`,
    ...world,
    asked: [],
    workspaces: new Set(),
    interrupt: () => false,
    close,
  }
  return stub
}
