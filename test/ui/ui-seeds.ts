import { randomBytes, randomUUID } from 'node:crypto'
import { hostilePage, hostilePicture } from '../attacks/hostile-page.ts'

/** A proxy and the token of somebody in one environment. */
export interface Place {
  readonly url: string
  readonly token: string
}

/** What an environment keeps for the UI to show. */
export interface Furniture {
  readonly experimentId: string
  readonly runs: readonly string[]
}

/** What only MLflow 3 keeps. */
export interface NewFurniture {
  readonly loggedModel: string
  readonly trace: string
  /** The trace's attachment, which is the hostile page. */
  readonly attachment: string
}

async function call(
  { url, token }: Place,
  method: string,
  path: string,
  body: object | string,
  more: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> {
  const type = typeof body === 'string' ? 'application/octet-stream' : 'application/json'
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const headers = { authorization: `Bearer ${token}`, 'content-type': type, ...more }
  const answer = await fetch(`${url}${path}`, { method, headers, body: text })
  const said = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${said}`)
  return said === '' ? {} : JSON.parse(said)
}

const post = async <T>(place: Place, path: string, body: object): Promise<T> =>
  (await call(place, 'POST', `/api/2.0/mlflow/${path}`, body)) as T

const store = (place: Place, path: string, content: string) =>
  call(place, 'PUT', `/api/2.0/mlflow-artifacts/artifacts/${path}`, content)

async function makeRun(place: Place, experimentId: string, name: string, auc: number): Promise<string> {
  const { run } = await post<{ run: { info: { run_id: string } } }>(place, 'runs/create', {
    experiment_id: experimentId,
    run_name: name,
    start_time: Date.now(),
    tags: [{ key: 'mlflow.runName', value: name }],
  })
  const { run_id } = run.info
  const metrics = [1, 2, 3].map((step) => ({ key: 'auc', value: auc + step / 100, timestamp: Date.now(), step }))
  await post(place, 'runs/log-batch', { run_id, metrics, params: [{ key: 'depth', value: '7' }] })
  const files = {
    'page.html': hostilePage(name, place.url),
    'picture.svg': hostilePicture,
    'note.txt': `words of ${name}`,
    'table.csv': `column,other\n${name},2\n`,
    'film.mp4': 'no film',
    MLmodel: 'flavors: {}\n',
  }
  for (const [file, content] of Object.entries(files)) await store(place, `${experimentId}/${run_id}/artifacts/${file}`, content)
  await post(place, 'runs/update', { run_id, status: 'FINISHED', end_time: Date.now() })
  return run_id
}

/** Experiment `churn` with two runs, and model `fraud` with two versions. */
export async function furnish(place: Place, environment: string): Promise<Furniture> {
  const { experiment_id } = await post<{ experiment_id: string }>(place, 'experiments/create', { name: 'churn' })
  const runs = [
    await makeRun(place, experiment_id, `${environment}-first`, 0.7),
    await makeRun(place, experiment_id, `${environment}-second`, 0.8),
  ]
  await post(place, 'registered-models/create', { name: 'fraud' })
  for (const run of runs) {
    await post(place, 'model-versions/create', {
      name: 'fraud',
      run_id: run,
      source: `mlflow-artifacts:/${experiment_id}/${run}/artifacts`,
    })
  }
  return { experimentId: experiment_id, runs }
}

async function makeTrace(place: Place, experimentId: string, name: string): Promise<string> {
  const traceId = randomBytes(16).toString('hex')
  const [outer, inner] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')]
  const span = (spanId: string, spanName: string, parent: object) => ({
    traceId,
    spanId,
    ...parent,
    name: spanName,
    startTimeUnixNano: `${Date.now() - 20}000000`,
    endTimeUnixNano: `${Date.now()}000000`,
    attributes: [{ key: 'mlflow.spanInputs', value: { stringValue: JSON.stringify({ factQuery: `of ${name}` }) } }],
    status: { code: 1 },
  })
  const spans = [span(outer, `${name}-outer`, {}), span(inner, `${name}-inner`, { parentSpanId: outer })]
  const body = { resourceSpans: [{ scopeSpans: [{ spans }] }] }
  await call(place, 'POST', '/v1/traces', body, { 'x-mlflow-experiment-id': experimentId })
  return `tr-${traceId}`
}

async function makePrompt(place: Place): Promise<void> {
  const mark = { key: 'mlflow.prompt.is_prompt', value: 'true' }
  await post(place, 'registered-models/create', { name: 'greeting', tags: [mark] })
  for (const text of ['Hi {{name}}', 'Hello {{name}}'])
    await post(place, 'model-versions/create', {
      name: 'greeting',
      source: 'dummy-source',
      tags: [mark, { key: 'mlflow.prompt.text', value: text }],
    })
}

/** Besides, on a server of MLflow 3: a logged model, a trace of two spans, both with the hostile page, and prompt `greeting` in two versions. */
export async function furnishNew(place: Place, environment: string, experimentId: string): Promise<NewFurniture> {
  const { model } = await post<{ model: { info: { model_id: string } } }>(place, 'logged-models', {
    experiment_id: experimentId,
    name: `${environment}-model`,
  })
  const { model_id: loggedModel } = model.info
  for (const [file, content] of [
    ['page.html', hostilePage(environment, place.url)],
    ['picture.svg', hostilePicture],
  ] as const)
    await store(place, `${experimentId}/models/${loggedModel}/artifacts/${file}`, content)
  const trace = await makeTrace(place, experimentId, environment)
  const attachment = randomUUID()
  await store(place, `${experimentId}/traces/${trace}/artifacts/attachments/${attachment}`, hostilePage(environment, place.url))
  await makePrompt(place)
  return { loggedModel, trace, attachment }
}
