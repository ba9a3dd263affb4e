/** A request as it is sent. */
export interface Try {
  readonly method: string
  readonly path: string
  readonly body?: object
}

/** Ids of one environment's resources. */
export interface Things {
  readonly experiment: string
  readonly run: string
  readonly model: string
  readonly trace: string
  readonly dataset: string
  readonly issue: string
  /** The prefix of its data sets' and issues' names. */
  readonly word: string
}

/** Ids of the same forms that do not exist. */
export const nothing: Things = {
  experiment: '987654',
  run: '9'.repeat(32),
  model: `m-${'9'.repeat(32)}`,
  trace: `tr-${'9'.repeat(32)}`,
  dataset: `d-${'9'.repeat(32)}`,
  issue: `iss-${'9'.repeat(32)}`,
  word: 'zebra',
}

const v2 = '/api/2.0/mlflow'
const v3 = '/api/3.0/mlflow'
const store = '/api/2.0/mlflow-artifacts/artifacts'
const get = (path: string): Try => ({ method: 'GET', path })
const post = (path: string, body: object): Try => ({ method: 'POST', path, body })

/** For each kind of endpoint, a request with a reference, to be sent with a foreign one and with one that does not exist. */
export const cases: Readonly<Record<string, (things: Things, own: Things) => Try>> = {
  'get a run': ({ run }) => get(`${v2}/runs/get?run_id=${run}`),
  'write to a run': ({ run }) => post(`${v2}/runs/log-metric`, { run_id: run, key: 'm', value: 1, timestamp: 1, step: 0 }),
  'get an experiment': ({ experiment }) => get(`${v2}/experiments/get?experiment_id=${experiment}`),
  'get a logged model': ({ model }) => get(`${v2}/logged-models/${model}`),
  'get a trace': ({ trace }) => get(`${v3}/traces/${trace}`),
  'get a data set': ({ dataset }) => get(`${v3}/datasets/${dataset}`),
  'get an issue': ({ issue }) => get(`${v3}/issues/${issue}`),
  'list artifacts of a run': ({ run }) => get(`${v2}/artifacts/list?run_id=${run}`),
  'download an artifact': ({ experiment, run }) => get(`${store}/${experiment}/${run}/artifacts/a.txt`),
  'HEAD of an artifact': ({ experiment, run }) => ({ method: 'HEAD', path: `${store}/${experiment}/${run}/artifacts/a.txt` }),
  'upload an artifact': ({ experiment, run }) => ({
    method: 'PUT',
    path: `${store}/${experiment}/${run}/artifacts/b.txt`,
    body: {},
  }),
  'a run with a parent': ({ run }, own) =>
    post(`${v2}/runs/create`, { experiment_id: own.experiment, tags: [{ key: 'mlflow.parentRunId', value: run }] }),
  'a version from a run': ({ run }) => post(`${v2}/model-versions/create`, { name: 'fraud', source: `runs:/${run}/model` }),
  'search runs of two experiments': ({ experiment }, own) =>
    post(`${v2}/runs/search`, { experiment_ids: [own.experiment, experiment], max_results: 5 }),
  'search traces of an experiment': ({ experiment }) =>
    post(`${v3}/traces/search`, { locations: [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experiment } }] }),
  'metric history of runs': ({ run }, own) =>
    get(`/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=${own.run}&run_id=${run}&metric_key=m`),
  'GraphQL: a run': ({ run }) =>
    post('/graphql', {
      query: `query Q { mlflowGetRun(input: { runId: "${run}" }) { run { info { runId } } } }`,
      operationName: 'Q',
    }),
  'search data sets by name': ({ word }) =>
    post(`${v3}/datasets/search`, { filter_string: `name LIKE '${word}%'`, max_results: 1 }),
  'search issues by name': ({ word }) => post(`${v3}/issues/search`, { name: word, max_results: 1 }),
}
