import t from 'tap'
import type { Environment } from '../../src/policy/environments/environment.ts'
import { printJson } from '../../src/policy/messages/json/json-text.ts'
import { rewriteAnswer } from '../../src/rewrite/answer/rewrite-answer.ts'
import { grantOf, judge, requestTo, toMessage } from '../fakes/fake-fact-source.ts'
import { acc, config, inAcc, prod, tenancy } from '../fixtures/tenancy.ts'

type Fields = Readonly<Record<string, unknown>>

const { experiment } = inAcc
const stored = '/experiments/acc/Shared/churn'
const slash = { key: 'mlflow-env-proxy.leadingSlash', value: 'true' }
/** As workspaces write them by themselves. */
const added = [
  { key: 'mlflow.ownerId', value: '42' },
  { key: 'mlflow.ownerEmail', value: 'x@y.z' },
  { key: 'mlflow.experimentType', value: 'MLFLOW_EXPERIMENT' },
]
const place = (value: string) => ({ key: 'mlflow.experiment.sourceName', value })

function row(name: string, ...tags: object[]) {
  return { experiment_id: experiment, name, tags: [...added, ...tags] }
}

function shown(caller: Environment, endpoint: string, fields: Fields, answer: Fields): string {
  return printJson(rewriteAnswer(grantOf(judge(config, caller, requestTo(endpoint, fields), tenancy)), toMessage(answer)))
}

t.test('what a workspace adds to an experiment comes in the caller’s names, wherever experiments are answered', async (t) => {
  const asked: readonly (readonly [string, Fields, (row: object) => Fields])[] = [
    ['getExperiment', { experiment_id: experiment }, (experiment) => ({ experiment })],
    ['getExperimentByName', { experiment_name: '/experiments/acc/Shared/churn' }, (experiment) => ({ experiment })],
    ['searchExperiments', {}, (experiment) => ({ experiments: [experiment] })],
    ['searchExperimentsPost', {}, (experiment) => ({ experiments: [experiment] })],
  ]
  for (const [endpoint, fields, wrap] of asked) {
    const written = wrap(row('/Shared/churn', place('/Shared/churn')))
    t.equal(shown(acc, endpoint, fields, wrap(row(stored, place(stored), slash))), JSON.stringify(written), endpoint)
    const plain = wrap(row('Shared/churn', place('Shared/churn')))
    t.equal(shown(acc, endpoint, fields, wrap(row(stored, place(stored)))), JSON.stringify(plain), `${endpoint} without a slash`)
    const outside = wrap(row('Shared/churn', place('/Users/x@y.z/nb')))
    t.equal(shown(acc, endpoint, fields, wrap(row(stored, place('/Users/x@y.z/nb')))), JSON.stringify(outside))
    const text = shown(acc, endpoint, fields, wrap(row(stored, place('/experiments/prod/secret'))))
    t.notMatch(text, /secret|prod/, 'a path of another environment is left out')
  }
})

t.test('a path of the environment in other tags is a path in the caller’s names', async (t) => {
  const keys = ['mlflow.source.name', 'mlflow.databricks.notebookPath']
  const list = (path: string) => keys.map((key) => ({ key, value: path }))
  const map = (path: string) => Object.fromEntries(keys.map((key) => [key, path]))
  const info = { experiment_id: experiment }
  const trace = { trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: info } }
  const version = { name: 'fraud_acc', version: '1', current_stage: 'None' }
  const answers: readonly (readonly [string, Fields, (path: string) => Fields])[] = [
    ['getRun', { run_id: inAcc.run(1) }, (path) => ({ run: { info, data: { tags: list(path) } } })],
    ['searchRuns', { experiment_ids: [experiment] }, (path) => ({ runs: [{ info, data: { tags: list(path) } }] })],
    ['getLoggedModel', { model_id: inAcc.model(1) }, (path) => ({ model: { info: { ...info, tags: list(path) } } })],
    ['getModelVersion', { name: 'fraud', version: '1' }, (path) => ({ model_version: { ...version, tags: list(path) } })],
    [
      'getTraceInfo',
      { trace_id: inAcc.trace(1) },
      (path) => ({ trace: { trace_info: { ...trace, trace_metadata: map(path) } } }),
    ],
    ['getTraceInfoV2', { request_id: inAcc.trace(1) }, (path) => ({ trace_info: { ...info, request_metadata: list(path) } })],
  ]
  for (const [endpoint, fields, answer] of answers) {
    const paths: readonly (readonly [string, string])[] = [
      [stored, '/Shared/churn'],
      ['/home/x/train.py', '/home/x/train.py'],
      ['train.py', 'train.py'],
      ['/experiments/accounts/x', '/experiments/accounts/x'],
    ]
    for (const [path, expected] of paths) {
      const wanted = JSON.stringify(answer(expected)).replace('fraud_acc', 'fraud')
      t.equal(shown(acc, endpoint, fields, answer(path)), wanted, `${endpoint} ${path}`)
    }
  }
  const [endpoint, fields, answer] = [
    'getRun',
    { run_id: inAcc.run(2) },
    (path: string) => ({ run: { info, data: { tags: list(path) } } }),
  ]
  t.match(shown(prod, endpoint, fields, answer(stored)), stored, 'who may read another environment’s run sees its qualified name')
})
