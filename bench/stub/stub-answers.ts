import { experimentId, knowledge, runId } from '../../test/fakes/fake-upstream.ts'

/** The model of the small request, as callers of acc name it. */
export const modelName = 'credit-default-risk-calibrated'
/** Experiments of acc by the least bytes of what a search of their runs gives. */
const sizedExperiments: Readonly<Record<string, number>> = {
  '10': 10_000,
  '100': 100_000,
  '1000': 1_000_000,
  '10000': 10_000_000,
}
/** Artifacts by the bytes of their downloads. */
export const bigArtifact = { name: 'big.bin', bytes: 1024 ** 3 }
export const hugeArtifact = { name: 'huge.bin', bytes: 10 * 1024 ** 3 }

// MLflow indents its answers.
const json = (value: unknown) => Buffer.from(JSON.stringify(value, null, 2))

const pairs = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index))

function makeRun(experiment: string, index: number, id = index.toString(16).padStart(32, '0')): object {
  const timestamp = 1_764_500_000_000 + index
  return {
    info: {
      run_uuid: id,
      experiment_id: experiment,
      run_name: `bright-finch-${index}`,
      user_id: 'app',
      status: 'FINISHED',
      start_time: timestamp,
      end_time: timestamp + 60_000,
      artifact_uri: `mlflow-artifacts:/${experiment}/${id}/artifacts`,
      lifecycle_stage: 'active',
      run_id: id,
    },
    data: {
      metrics: pairs(6, (at) => ({ key: `metric_${at}`, value: Math.sqrt(index + at + 2), timestamp, step: at * 100 })),
      params: pairs(6, (at) => ({ key: `param_${at}`, value: `value "${at}" of ${index}` })),
      tags: [
        { key: 'mlflow.source.name', value: '/opt/train.py' },
        { key: 'mlflow.runName', value: `bright-finch-${index}` },
      ],
    },
    inputs: {},
  }
}

function makeSearchAnswer(experiment: string, leastBytes: number): Buffer {
  const each = json({ runs: [makeRun(experiment, 0)] }).length
  return json({ runs: pairs(Math.ceil(leastBytes / each), (index) => makeRun(experiment, index)) })
}

/** What a search of the runs of an experiment gives. */
export const searchAnswers = new Map(
  Object.entries(sizedExperiments).map(([experiment, bytes]) => [experiment, makeSearchAnswer(experiment, bytes)]),
)

/** An experiment of acc. */
function makeExperiment(experiment: string): Buffer {
  const artifact_location = `mlflow-artifacts:/${experiment}`
  return json({ experiment: { experiment_id: experiment, name: `/experiments/acc/sized-${experiment}`, artifact_location } })
}

const version = {
  name: `${modelName}_acc`,
  version: '3',
  creation_timestamp: 1_764_500_000_000,
  current_stage: 'None',
  source: `mlflow-artifacts:/${experimentId}/${runId}/artifacts/model`,
  status: 'READY',
}

/** Models of acc and of another environment, as many of it as the filter's name asks for. */
function makeModels(path: string): Buffer {
  const foreign = Number(/foreign-(\d+)-/.exec(path)?.[1] ?? 0)
  const named = (count: number, environment: string) =>
    pairs(count, (index) => ({
      name: `foreign-${foreign}-${index}_${environment}`,
      creation_timestamp: version.creation_timestamp,
    }))
  return json({ registered_models: [...named(foreign, 'preprod'), ...named(10, 'acc')] })
}

const makeNamedRun = (path: string) => json({ run: makeRun(experimentId, 0, /run_id=(\w+)/.exec(path)?.[1]) })

/** Answers that are made for an address; others are ready. */
export const madeAnswers = new Map([
  ['/api/2.0/mlflow/registered-models/search', makeModels],
  ['/api/2.0/mlflow/runs/get', makeNamedRun],
])

/** Answers by what stands before the question mark; everything else is answered with {}. */
export const answers = new Map([['/api/2.0/mlflow/registered-models/get-latest-versions', json({ model_versions: [version] })]])

/** Answers to the proxy's own questions, which are not counted. */
export const ownAnswers = new Map([
  ['/version', Buffer.from('3.17.2')],
  ...Object.entries(knowledge).map(([path, value]): [string, Buffer] => [path, json(value)]),
  ...Object.keys(sizedExperiments).map((experiment): [string, Buffer] => [
    `/api/2.0/mlflow/experiments/get?experiment_id=${experiment}`,
    makeExperiment(experiment),
  ]),
])
