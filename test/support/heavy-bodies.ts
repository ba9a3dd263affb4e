import { writeWire } from '../../src/policy/otlp/write-wire.ts'
import { toMessage } from './fake-world.ts'
import { inAcc } from './town.ts'

const run = inAcc.run(1)
const dataset = inAcc.entity('d')

/** As long as a body may be. */
const size = 32 * 1024 * 1024

/** A body that costs as much as one of its length can, and the endpoint that it is for. */
export interface HeavyBody {
  readonly name: string
  readonly endpoint: string
  readonly body: () => Buffer
}

/** A text of about the whole size, made of a piece that is said again and again. */
function filled(before: string, piece: string, after: string, bytes = size - 1024): Buffer {
  const count = Math.floor((bytes - before.length - after.length) / Buffer.byteLength(piece))
  return Buffer.concat([Buffer.from(before), Buffer.from(piece.repeat(count)), Buffer.from(after)])
}

const text = (name: string, endpoint: string, before: string, piece: string, after: string, bytes?: number): HeavyBody => ({
  name,
  endpoint,
  body: () => filled(before, piece, after, bytes),
})

const otlp = 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest'
const spans = (list: string) => `{"resourceSpans":[{"scopeSpans":[{"spans":[${list}`

/** Many values on the wire, of which each costs two bytes. */
function wire(fields: Readonly<Record<string, unknown>>, count: number): Buffer {
  const message = toMessage({ resource_spans: [{ scope_spans: [{ spans: Array.from({ length: count }, () => fields) }] }] })
  return Buffer.from(writeWire(otlp, message))
}

const tag = (before: string, piece: string, after: string, name: string) =>
  text(name, 'setTag', `{"run_id":"${run}",${before}`, piece, `${after}}`)

// biome-ignore format: a table
export const heavyBodies: readonly HeavyBody[] = [
  text('one long text', 'createRun', '{"experiment_id":"11","run_name":"', 'a', '"}'),
  text('the longest text of one byte each', 'createRun', '{"experiment_id":"11","run_name":"', 'a', '"}', 16_777_200),
  text('one long text of two bytes each', 'createRun', '{"experiment_id":"11","run_name":"', '\u4e2d', '"}'),
  text('a text of one byte each but for one letter', 'createRun', '{"experiment_id":"11","run_name":"\u4e2d', 'a', '"}'),
  text('a text of escapes', 'createRun', '{"experiment_id":"11","run_name":"', '\\u4e2d', '"}'),
  text('a text of short escapes', 'createRun', '{"experiment_id":"11","run_name":"', '\\n', '"}'),
  text('a text of control characters', 'createRun', '{"experiment_id":"11","run_name":"', '\\u0001', '"}'),
  text('many short texts', 'searchRuns', '{"experiment_ids":["11"', ',"12345678901234567890"', ']}'),
  text('many numbers', 'searchRuns', '{"experiment_ids":[1', ',1', ']}'),
  text('many long numbers', 'logBatch', '{"metrics":[1', `,${'9'.repeat(400)}`, ']}'),
  text('one long number', 'logMetric', '{"value":1', '0', '}'),
  text('many empty objects', 'logBatch', '{"metrics":[{}', ',{}', ']}'),
  text('many empty lists', 'logBatch', '{"metrics":[[]', ',[]', ']}'),
  text('deep lists', 'logBatch', '{"metrics":', '[', ''),
  text('deep objects', 'logBatch', '{"metrics":', '{"a":', ''),
  { name: 'many keys', endpoint: 'createRun', body: () => Buffer.from(`{${Array.from({ length: 400_000 }, (_, at) => `"k${at}":1`).join(',')}}`) },
  text('a key of an unknown field', 'createRun', '{"', 'AbC', '":1}'),
  text('a value of the wrong type', 'logMetric', '{"run_id":"1","timestamp":1,"key":"k","value":"', '\u4e2d', '"}'),
  text('a filter of clauses', 'searchRuns', '{"experiment_ids":["11"],"filter":"', 'a=1 and ', 'a=1"}'),
  text('a filter of spaces', 'searchRuns', '{"experiment_ids":["11"],"filter":"a = 1', ' ', '"}'),
  text('a filter of quotes', 'searchRuns', '{"experiment_ids":["11"],"filter":"a = ', "''", '"}'),
  text('an order', 'searchRuns', '{"experiment_ids":["11"],"order_by":["', 'metrics.', 'a"]}'),
  text('many orders', 'searchRuns', '{"experiment_ids":["11"],"order_by":["a"', ',"metrics.a DESC"', ']}'),
  text('a page token', 'searchRuns', '{"experiment_ids":["11"],"page_token":"', 'A', '"}'),
  tag('"value":"x","key":"', '\ufdfa', '"', 'a key that its compatibility form makes 18 times longer'),
  tag('"key":"mlflow.parentRunId","value":"', '\ufdfa', '"', 'an id that its compatibility form makes 18 times longer'),
  tag('"key":"mlflow.prompt.associatedRunIds","value":"', ',', '"', 'a list of no ids'),
  tag('"key":"mlflow.log-model.history","value":"[', '[],', '1]"', 'lists in a text'),
  tag('"key":"mlflow.linkedPrompts","value":"[', '{},', '1]"', 'prompts in a text'),
  text('many keys as long as they may be', 'createRun', '{"experiment_id":"11","tags":[{"key":"a","value":"b"}', `,{"key":"${'\ufdfa'.repeat(1_024)}","value":"b"}`, ']}'),
  text('many lists of JSON as long as they may be', 'createRun', '{"experiment_id":"11","tags":[{"key":"a","value":"b"}', `,{"key":"mlflow.log-model.history","value":"[1${',[]'.repeat(99_000)}]"}`, ']}'),
  text('a model of many lists', 'logModel', `{"run_id":"${run}","model_json":"{\\"a\\":[1`, ',[]', ']}"}', 300_000),
  text('a filter as long as it may be', 'searchRuns', '{"experiment_ids":["11"],"filter":"a = 1', ' and a = 1', '"}', 260_000),
  text('a name', 'createRegisteredModel', '{"name":"', '\u0344', '"}'),
  text('tags', 'createRun', '{"experiment_id":"11","tags":[{"key":"a","value":"b"}', ',{"key":"a","value":"b"}', ']}'),
  text('records', 'upsertDatasetRecords', `{"dataset_id":"${dataset}","records":"[{}`, ',{\\"inputs\\":{\\"q\\":[1,2,{}]}}', ']"}'),
  text('records with tags', 'upsertDatasetRecords', `{"dataset_id":"${dataset}","records":"[{}`, ',{\\"tags\\":{\\"a\\":1}}', ']"}'),
  text('a scorer', 'registerScorer', '{"experiment_id":"11","name":"x","serialized_scorer":"{\\"a\\":[1', ',[]', ']}"}'),
  text('tags of a data set', 'createDataset', '{"name":"x","tags":"{\\"a\\":[1', ',[]', ']}"}'),
  text('a source of data', 'createDataset', '{"name":"x","source":"runs:/', '%25', '"}'),
  text('a model', 'logModel', `{"run_id":"${run}","model_json":"{\\"a\\":[1`, ',[]', ']}"}'),
  text('a source of a version', 'createModelVersion', '{"name":"x","source":"models:/', '/.', '"}'),
  text('locations', 'searchTraces', '{"locations":[{}', ',{"type":"MLFLOW_EXPERIMENT"}', ']}'),
  text('traces', 'linkTracesToRun', `{"run_id":"${run}","trace_ids":["a"`, ',"a"', ']}'),
  text('spans that are empty, in JSON', 'exportSpans', spans('{}'), ',{}', ']}]}]}'),
  text('bytes with padding, in JSON', 'exportSpans', spans('{"traceState":"x","attributes":[{"key":"a","value":{"bytesValue":"'), '=', 'a"}}]}]}]}]}'),
  text('attributes, in JSON', 'exportSpans', spans('{"attributes":[{}'), ',{"key":"a","value":{"stringValue":"b"}}', ']}]}]}]}'),
  text('lists in attributes, in JSON', 'exportSpans', spans('{"attributes":[{"key":"a","value":{"arrayValue":{"values":[{}'), ',{}', ']}}}]}]}]}]}'),
  { name: 'spans that are empty, on the wire', endpoint: 'exportSpans', body: () => wire({}, 250_000) },
  { name: 'links, on the wire', endpoint: 'exportSpans', body: () => wire({ trace_id: `tr-${'1'.repeat(32)}`, span_id: '2'.repeat(16), links: [{ trace_id: `tr-${'3'.repeat(32)}`, span_id: '4'.repeat(16) }] }, 40_000) },
]
