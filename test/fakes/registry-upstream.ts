import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen } from '../harness/listen.ts'

interface StoredVersion {
  readonly name: string
  readonly version: string
  readonly source: string
  readonly run_id: string
  current_stage: string
  tags: { key: string; value: string }[]
}

type Handler = (said: Record<string, string>, body: Record<string, unknown>) => object | null

/** A model registry in memory, with one run of acc's: as much of MLflow as promotions take. */
export interface RegistryUpstream {
  readonly url: string
  readonly versions: StoredVersion[]
  readonly metrics: { key: string; value: unknown }[]
  /** Every change that came, as `POST path`. */
  readonly changes: string[]
  /** Before a change is carried out; what it resolves to is done with the answer. */
  before: (path: string, body: Record<string, unknown>) => Promise<'answer' | 'lose' | 'refuse'> | 'answer' | 'lose' | 'refuse'
  /** As it was at first. */
  reset(): void
  close(): Promise<void>
}

const runOfAcc = '0123456789abcdef0123456789abcdef'

const experiment = { experiment_id: '7', name: '/experiments/acc/churn', artifact_location: 'mlflow-artifacts:/7' }
const info = {
  run_id: runOfAcc,
  experiment_id: '7',
  artifact_uri: `mlflow-artifacts:/7/${runOfAcc}/artifacts`,
  lifecycle_stage: 'active',
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text === '' ? {} : JSON.parse(text)
}

/** The literal that a filter compares a column with, by `=`. */
function equalTo(filter: string, column: string): string | null {
  return new RegExp(`${column}\\W? = '([^']*)'`).exec(filter)?.[1] ?? null
}

function handlersOf(
  versions: StoredVersion[],
  models: Set<string>,
  metrics: RegistryUpstream['metrics'],
): Record<string, Handler> {
  const find = (said: Record<string, unknown>) =>
    versions.find(({ name, version }) => name === said.name && version === said.version)
  const shown = (said: Record<string, unknown>) => {
    const version = find(said)
    return version === undefined ? null : { model_version: version }
  }
  return {
    'experiments/get': () => ({ experiment }),
    'experiments/get-by-name': () => ({ experiment }),
    'runs/get': ({ run_id }) => (run_id === runOfAcc ? { run: { info, data: { metrics } } } : null),
    'registered-models/get': ({ name = '' }) => (models.has(name) ? { registered_model: { name } } : null),
    'registered-models/create': (_said, { name }) => {
      models.add(String(name))
      return { registered_model: { name } }
    },
    'model-versions/get': shown,
    'model-versions/search': ({ filter = '' }) => {
      const [, tagged] = /^tags\.`?(\w+)`? LIKE '%'$/.exec(filter) ?? []
      if (tagged !== undefined) return { model_versions: versions.filter(({ tags }) => tags.some(({ key }) => key === tagged)) }
      const [name, run, source] = ['name', 'run_id', 'source_path'].map((column) => equalTo(filter, column))
      return { model_versions: versions.filter((v) => v.name === name || v.run_id === run || v.source === source) }
    },
    'model-versions/create': (_said, { name, source, run_id, tags = [] }) => {
      const number = versions.filter((v) => v.name === name).length + 1
      const version = { name, source, run_id, tags, version: String(number), current_stage: 'None' } as StoredVersion
      versions.push(version)
      return { model_version: version }
    },
    'model-versions/set-tag': (_said, { key, value, ...id }) => {
      const version = find(id)
      if (version === undefined) return null
      version.tags = [...version.tags.filter((tag) => tag.key !== key), { key: String(key), value: String(value) }]
      return {}
    },
    'model-versions/delete-tag': (_said, { key, ...id }) => {
      const version = find(id)
      if (version === undefined) return null
      version.tags = version.tags.filter((tag) => tag.key !== key)
      return {}
    },
    'model-versions/transition-stage': (_said, { stage, ...id }) => {
      const version = find(id)
      if (version !== undefined) version.current_stage = String(stage)
      return shown(id)
    },
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Starts it on a free port of this machine, with version 1 of acc's `fraud`. */
export async function startRegistryUpstream(): Promise<RegistryUpstream> {
  const source = `mlflow-artifacts:/7/${runOfAcc}/artifacts/model`
  const versions: StoredVersion[] = []
  const models = new Set<string>()
  const metrics: RegistryUpstream['metrics'] = []
  const handlers = handlersOf(versions, models, metrics)
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const path = url.pathname.replace(/^\/api\/2\.0\/mlflow\//, '')
    const body = await readBody(request)
    const handler = handlers[path]
    if (handler === undefined) return reply(response, 404, { error_code: 'ENDPOINT_NOT_FOUND', message: path })
    const changes = request.method !== 'GET'
    const then = changes ? await fake.before(path, body) : 'answer'
    if (then === 'refuse') return reply(response, 400, { error_code: 'INVALID_PARAMETER_VALUE', message: 'refused' })
    if (changes) fake.changes.push(path)
    const answer = handler(Object.fromEntries(url.searchParams), body)
    if (then === 'lose') return void request.socket.destroy()
    if (answer === null) return reply(response, 404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'absent' })
    return reply(response, 200, answer)
  })
  const port = await listen(server)
  const fake: RegistryUpstream = {
    url: `http://127.0.0.1:${port}`,
    versions,
    metrics,
    changes: [],
    before: () => 'answer',
    reset: () => {
      fake.before = () => 'answer'
      models.clear()
      models.add('fraud_acc')
      versions.splice(0)
      versions.push({ name: 'fraud_acc', version: '1', source, run_id: runOfAcc, current_stage: 'Staging', tags: [] })
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  fake.reset()
  return fake
}
