import type { Test } from 'tap'
import type { OtherClient } from './other-client.ts'

// What undici sends with each `fetch` of a Node program.
const headersOfNode = { accept: '*/*', 'accept-language': '*', 'sec-fetch-mode': 'cors', 'user-agent': 'node' }
const traceId = 'tr-785421c23902b5602c4f70dac735c5a4'
const inputs = { factQuery: 'größe?' }
const outputs = { answer: 42 }
const nanoseconds = ['1795472196536000000', '1795472196540205844']

const info = (experimentId: string, id: string) => ({
  trace: {
    trace_info: {
      trace_id: id,
      trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } },
      request_preview: JSON.stringify(inputs),
      response_preview: JSON.stringify(outputs),
      request_time: '2026-11-23T22:16:36.536Z',
      execution_duration: '0.004s',
      state: 'OK',
      trace_metadata: {
        'mlflow.trace_schema.version': '3',
        'mlflow.trace.session': 's1',
        'mlflow.traceInputs': JSON.stringify(inputs),
        'mlflow.traceOutputs': JSON.stringify(outputs),
      },
      tags: { team: 'blue' },
      assessments: [],
    },
  },
})

// Times are integers beyond 2^53: written by hand, since JSON.stringify would round them.
const spans =
  `{"spans":[{"trace_id":"APmFQhwjkCtWAsT3DaxzXA==","span_id":"aGVu3vEGtbk=","parent_span_id":"","name":"root",` +
  `"start_time_unix_nano":${nanoseconds[0]},"end_time_unix_nano":${nanoseconds[1]},"status":{"code":"STATUS_CODE_OK","message":""},` +
  `"attributes":{"mlflow.traceRequestId":"${traceId}","mlflow.spanType":"CHAIN","mlflow.spanInputs":${JSON.stringify(inputs)},` +
  `"mlflow.spanOutputs":${JSON.stringify(outputs)}},"events":[]}]}`

function makeRequest({ url, own, tokens }: OtherClient, who: 'acc' | 'prod') {
  return async (method: string, path: string, body?: string) => {
    const headers = { ...headersOfNode, 'Content-Type': 'application/json', Authorization: `Bearer ${tokens[who]}` }
    const answer = await fetch(`${own?.[who] ?? url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
    return { ok: answer.ok, status: answer.status, length: answer.headers.get('content-length'), text: await answer.text() }
  }
}

/** Where the SDK puts a trace's spans: it takes the path of the tag that the answer has, and asks nobody else. */
const artifactPath = (location: string) => `/api/2.0/mlflow-artifacts/artifacts${new URL(location).pathname}/traces.json`

async function exportTrace(t: Test, request: ReturnType<typeof makeRequest>, experimentId: string, id: string) {
  const created = await request('POST', '/api/3.0/mlflow/traces', JSON.stringify(info(experimentId, id)))
  t.equal(created.ok, true)
  const { trace_info } = JSON.parse(created.text).trace
  const location: string = trace_info.tags['mlflow.artifactLocation']
  t.match(location, /^mlflow-artifacts:\/[0-9]/)
  const uploaded = await request('PUT', artifactPath(location), spans)
  t.equal(uploaded.ok, true)
  t.ok(uploaded.status === 204 || uploaded.length === '0' || JSON.parse(uploaded.text), 'else the SDK fails to parse the answer')
  return { location, experimentId: trace_info.trace_location.mlflow_experiment.experiment_id }
}

async function readBack(t: Test, request: ReturnType<typeof makeRequest>, experimentId: string) {
  const { text } = await request('GET', `/api/3.0/mlflow/traces/${traceId}`)
  t.match(JSON.parse(text).trace.trace_info, {
    ...info(experimentId, traceId).trace.trace_info,
    request_time: '2026-11-23T22:16:36.536Z',
    execution_duration: '0.004s',
    assessments: undefined,
  })
  t.notMatch(text, '/experiments/', 'no upstream name')
  const { tags } = JSON.parse(text).trace.trace_info
  t.equal((await request('GET', artifactPath(tags['mlflow.artifactLocation']))).text, spans, 'every digit of the times is there')
}

async function refuse(t: Test, mine: ReturnType<typeof makeRequest>, theirs: ReturnType<typeof makeRequest>, id: string) {
  const experiment = JSON.parse((await theirs('POST', '/api/2.0/mlflow/experiments/create', '{"name":"traces-ts"}')).text)
  const experimentId: string = experiment.experiment_id
  const trace = await exportTrace(t, theirs, experimentId, id)
  const absent = { ok: false, status: 404, text: /"RESOURCE_DOES_NOT_EXIST"/ }
  t.match(await mine('GET', `/api/3.0/mlflow/traces/${id}`), absent, 'getTraceInfo')
  t.match(await mine('GET', artifactPath(trace.location)), { ok: false, status: 404 }, 'getTrace: its spans')
  t.match(await mine('PUT', artifactPath(trace.location), '{"spans":[]}'), { ok: false, status: 404 }, 'uploadTraceData')
  const intruder = JSON.stringify(info(experimentId, `tr-${'9'.repeat(32)}`))
  t.match(await mine('POST', '/api/3.0/mlflow/traces', intruder), absent, 'createTrace')
  t.match(await mine('POST', '/api/2.0/mlflow/experiments/delete', JSON.stringify({ experiment_id: experimentId })), absent)
  t.equal((await theirs('GET', artifactPath(trace.location))).text, spans, 'as it was')
}

/**
 * npm has no @mlflow/core here. These are the requests of its version 0.2.0, built from MLflow's sources (libs/typescript/core) and
 * heard by a hop between it and the proxy; what is asserted of the answers is what it reads in them.
 */
export async function replayTypeScript(t: Test, client: OtherClient): Promise<void> {
  const request = makeRequest(client, 'acc')
  const made = await request('POST', '/api/2.0/mlflow/experiments/create', JSON.stringify({ name: 'traces-ts' }))
  const { experiment_id } = JSON.parse(made.text)
  await exportTrace(t, request, experiment_id, traceId)
  await readBack(t, request, experiment_id)
  const upstream = await fetch(`${client.upstream}/api/2.0/mlflow/experiments/get?experiment_id=${experiment_id}`)
  t.match(await upstream.json(), { experiment: { name: '/experiments/acc/traces-ts' } })
  const lone = await exportTrace(t, request, '0', `tr-${'7'.repeat(32)}`)
  t.equal(lone.location.includes('mlflow-artifacts:/0/'), false, 'the default experiment of the environment, not of the server')
  await refuse(t, request, makeRequest(client, 'prod'), `tr-${'8'.repeat(32)}`)
  const deleted = await request('POST', '/api/2.0/mlflow/experiments/delete', JSON.stringify({ experiment_id }))
  t.match(deleted, { ok: true, text: '{}' })
}
