import { runId } from '../../test/fakes/fake-upstream.ts'
import { makeRequest } from '../../test/harness/load/raw-client.ts'
import { bigArtifact, modelName } from '../stub/stub-answers.ts'

const api = '/api/2.0/mlflow'
export const uploadBlock = Buffer.alloc(1024 * 1024, 'x')

/** The requests that are measured, with a caller's token. */
export interface Requests {
  /** A body of some 100 bytes, answered by some 300. */
  readonly small: Buffer
  /** 560 metrics, 50 KB. */
  readonly logBatch: Buffer
  readonly download: Buffer
  /** The head only; the block follows until it has as many bytes as the download. */
  readonly uploadHead: Buffer
  search(experiment: string, most?: number): Buffer
  getExperiment(experiment: string): Buffer
}

export function makeRequests(authorization: string, artifact = bigArtifact): Requests {
  const big = `/api/2.0/mlflow-artifacts/artifacts/7/${runId}/artifacts/${artifact.name}`
  const headers = { authorization }
  const post = (path: string, body: object) =>
    makeRequest('POST', `${api}/${path}`, { ...headers, 'content-type': 'application/json' }, JSON.stringify(body))
  const metrics = Array.from({ length: 560 }, (_, index) => ({
    key: `validation_loss_${index}`,
    value: Math.sqrt(index + 2),
    timestamp: 1_764_500_000_000 + index,
    step: index,
  }))
  return {
    small: post('registered-models/get-latest-versions', {
      name: modelName,
      stages: ['None', 'Staging', 'Production', 'Archived'],
    }),
    logBatch: post('runs/log-batch', { run_id: runId, metrics, params: [], tags: [] }),
    download: makeRequest('GET', big, headers),
    uploadHead: makeRequest('PUT', big, {
      ...headers,
      'content-type': 'application/octet-stream',
      'content-length': String(artifact.bytes),
    }),
    search: (experiment, most = 1_000) => post('runs/search', { experiment_ids: [experiment], max_results: most }),
    getExperiment: (experiment) => makeRequest('GET', `${api}/experiments/get?experiment_id=${experiment}`, headers),
  }
}
