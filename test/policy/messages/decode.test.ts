import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { openEndpoints } from '../../../src/policy/endpoints/endpoint-table.ts'
import { describedVersions, messages } from '../../../src/policy/generated/messages.ts'
import { routes } from '../../../src/policy/generated/routes.ts'
import { type DecodeOptions, decodeCall, type RawCall } from '../../../src/policy/messages/decode-call.ts'
import { encodeBody, encodeQuery } from '../../../src/policy/messages/encode.ts'
import type { Field } from '../../../src/policy/messages/field.ts'
import { type Json, JsonNumber, type JsonObject } from '../../../src/policy/messages/json/json.ts'
import { printJson } from '../../../src/policy/messages/json/json-text.ts'
import { fieldOf, hasShape, shapeOf } from '../../../src/policy/messages/message-shape.ts'
import { undescribedMessages } from '../../../src/policy/messages/undescribed-messages.ts'
import * as ids from '../../../src/policy/names/ids.ts'
import { Refusal } from '../../../src/policy/reasons.ts'

const strict: DecodeOptions = { unknownFields: 'refuse' }
const forwarding: DecodeOptions = { unknownFields: 'forward' }
const bytesOf = (text: string) => new TextEncoder().encode(text)

function call(
  method: string,
  parts: { query?: string; body?: string | Uint8Array; type?: string | null; path?: Record<string, string> },
): RawCall {
  return {
    method,
    rawQuery: parts.query ?? '',
    body: typeof parts.body === 'object' ? parts.body : bytesOf(parts.body ?? ''),
    contentType: parts.type === undefined ? 'application/json' : parts.type,
    pathParams: new Map(Object.entries(parts.path ?? {})),
  }
}
const get = (query: string, path: Record<string, string> = {}) => call('GET', { query, path, type: null })
const post = (body: string, path: Record<string, string> = {}) => call('POST', { body, path })

function outcome(message: string, raw: RawCall, options = strict): string {
  try {
    return printJson(decodeCall(message, raw, options))
  } catch (error) {
    if (error instanceof Refusal) return `${error.reason}: ${error.message}`
    throw error
  }
}

type Case = [name: string, message: string, raw: RawCall, expected: string | RegExp, options?: DecodeOptions]

function check(name: string, cases: Case[]): void {
  t.test(name, async (t) => {
    for (const [title, message, raw, expected, options] of cases) {
      const found = outcome(message, raw, options)
      if (typeof expected === 'string') t.equal(found, expected, title)
      else t.match(found, expected, title)
    }
  })
}

const malformed = /^malformed: /
const invalid = /^invalid-parameter: /

check('parameters have one place', [
  ['GET reads the query', 'mlflow.GetRun', get('run_id=a'), '{"run_id":"a"}'],
  [
    'GET without a query reads a JSON body',
    'mlflow.GetRun',
    call('GET', { body: '{"run_id":"a"}', type: null }),
    '{"run_id":"a"}',
  ],
  ['GET with both', 'mlflow.GetRun', call('GET', { query: 'run_id=a', body: '{"run_id":"b"}' }), malformed],
  ['GET with an empty pair beside a body', 'mlflow.GetRun', call('GET', { query: '&', body: '{"run_id":"b"}' }), malformed],
  [
    'GET with an unknown parameter beside a body',
    'mlflow.GetRun',
    call('GET', { query: 'x', body: '{"run_id":"b"}' }),
    malformed,
  ],
  ['HEAD reads the query', 'mlflow.GetRun', call('HEAD', { query: 'run_id=a' }), '{"run_id":"a"}'],
  ['HEAD with a body', 'mlflow.GetRun', call('HEAD', { body: '{"run_id":"a"}' }), malformed],
  [
    'POST with an equal query',
    'mlflow.SetTag',
    call('POST', { query: 'run_id=a', body: '{"run_id":"a","key":"b"}' }),
    '{"run_id":"a","key":"b"}',
  ],
  ['POST with another query', 'mlflow.SetTag', call('POST', { query: 'run_id=a', body: '{"run_id":"b"}' }), malformed],
  ['POST with more in its query', 'mlflow.SetTag', call('POST', { query: 'run_id=a&key=b', body: '{"run_id":"a"}' }), malformed],
  ['POST with an unknown field in its query', 'mlflow.SetTag', call('POST', { query: 'x=a', body: '{"run_id":"a"}' }), malformed],
  [
    'no number in the query',
    'mlflow.LogMetric',
    call('POST', { query: 'timestamp=7&value=.5e1', body: '{"timestamp":7.0,"value":5}' }),
    malformed,
  ],
  [
    'numbers that are equal',
    'mlflow.LogMetric',
    call('POST', { query: 'timestamp=7&value=5.0&runId=a', body: '{"timestamp":7.0,"value":5,"run_id":"a"}' }),
    '{"timestamp":7,"value":5,"run_id":"a"}',
  ],
  [
    'lists that are equal',
    'mlflow.SearchRuns',
    call('POST', {
      query: 'experiment_ids=1&experiment_ids=2&run_view_type=1',
      body: '{"experiment_ids":[1,"2"],"run_view_type":"ACTIVE_ONLY"}',
    }),
    '{"experiment_ids":["1","2"],"run_view_type":"ACTIVE_ONLY"}',
  ],
  [
    'lists in another order',
    'mlflow.SearchRuns',
    call('POST', { query: 'experiment_ids=2&experiment_ids=1', body: '{"experiment_ids":["1","2"]}' }),
    malformed,
  ],
  [
    'a part of a list',
    'mlflow.SearchRuns',
    call('POST', { query: 'experiment_ids=1', body: '{"experiment_ids":["1","2"]}' }),
    malformed,
  ],
  [
    'DELETE with an equal query',
    'mlflow.DeleteModelVersion',
    call('DELETE', { query: 'name=a&version=1', body: '{"name":"a","version":"1"}' }),
    '{"name":"a","version":"1"}',
  ],
  [
    'DELETE with another query',
    'mlflow.DeleteModelVersion',
    call('DELETE', { query: 'name=a&version=2', body: '{"name":"a","version":"1"}' }),
    malformed,
  ],
  [
    'DELETE by query, with another body',
    'mlflow.DeleteModelVersion',
    call('DELETE', { query: 'name=a', body: '{"name":"b"}' }),
    malformed,
    { ...strict, deleteByQuery: true },
  ],
  ['GET with an equal body', 'mlflow.GetRun', call('GET', { query: 'run_id=a', body: '{"runId":"a"}' }), '{"run_id":"a"}'],
  ['GET with an empty object', 'mlflow.GetRun', call('GET', { query: 'run_id=a', body: '{}' }), '{"run_id":"a"}'],
  [
    'GET with more in its body',
    'mlflow.GetRun',
    call('GET', { query: 'run_id=a', body: '{"run_id":"a","run_uuid":"a"}' }),
    malformed,
  ],
  ['POST with a query alone', 'mlflow.SetTag', call('POST', { query: 'run_id=a' }), malformed],
  ['DELETE with a query', 'mlflow.DeleteModelVersion', call('DELETE', { query: 'name=a' }), malformed],
  ['an empty body', 'mlflow.SearchRuns', post(''), '{}'],
  ['an empty query', 'mlflow.SearchExperiments', get(''), '{}'],
  [
    'bytes are no message',
    'handmade.UploadArtifact',
    call('POST', { query: 'run_uuid=a&path=b%2Fc', body: '{"run_uuid":"x"}', type: null }),
    '{"run_uuid":"a","path":"b/c"}',
    { unknownFields: 'refuse', body: 'bytes' },
  ],
])

check('Content-Type is what MLflow asks for', [
  ['POST without one', 'mlflow.SearchRuns', call('POST', { body: '{}', type: null }), invalid],
  ['POST as text', 'mlflow.SearchRuns', call('POST', { body: '{}', type: 'text/plain' }), invalid],
  ['PUT as a form', 'mlflow.SearchRuns', call('PUT', { body: '{}', type: 'application/x-www-form-urlencoded' }), invalid],
  ['a longer type', 'mlflow.SearchRuns', call('POST', { body: '{}', type: 'application/json-patch+json' }), invalid],
  ['two types', 'mlflow.SearchRuns', call('POST', { body: '{}', type: 'application/json, text/plain' }), invalid],
  ['another charset', 'mlflow.SearchRuns', call('POST', { body: '{}', type: 'application/json; charset=utf-16' }), invalid],
  ['UTF-8', 'mlflow.SearchRuns', call('POST', { body: '{}', type: 'application/json; charset=UTF-8' }), '{}'],
  [
    'PATCH as anything',
    'mlflow.UpdateRegisteredModel',
    call('PATCH', { body: '{"name":"a"}', type: 'text/plain' }),
    '{"name":"a"}',
  ],
  [
    'DELETE as nothing',
    'mlflow.DeleteModelVersion',
    call('DELETE', { body: '{"name":"a","version":"1"}', type: null }),
    '{"name":"a","version":"1"}',
  ],
])

check('the body is one JSON object', [
  ['a JSON string that holds JSON', 'mlflow.SearchRuns', post('"{\\"experiment_ids\\":[\\"1\\"]}"'), malformed],
  ['an array', 'mlflow.SearchRuns', post('[{}]'), malformed],
  ['null', 'mlflow.SearchRuns', post('null'), malformed],
  ['a number', 'mlflow.SearchRuns', post('1'), malformed],
  ['trailing garbage', 'mlflow.SearchRuns', post('{}x'), malformed],
  ['a duplicate key', 'mlflow.SearchRuns', post('{"experiment_ids":["1"],"experiment_ids":["2"]}'), malformed],
  ['NaN', 'mlflow.LogMetric', post('{"value":NaN}'), malformed],
  ['UTF-16', 'mlflow.SearchRuns', call('POST', { body: new Uint8Array(Buffer.from('{"a":1}', 'utf16le')) }), malformed],
  ['deep nesting', 'mlflow.SearchRuns', post(`{"a":${'['.repeat(1500)}`), malformed],
  ['a body of GET obeys too', 'mlflow.GetRun', call('GET', { body: '"{\\"run_id\\":\\"a\\"}"' }), malformed],
])

check('the query is strict', [
  ['a repeated scalar', 'mlflow.GetRun', get('run_id=a&run_id=b'), malformed],
  ['a repeated equal scalar', 'mlflow.GetRun', get('run_id=a&run_id=a'), '{"run_id":"a"}'],
  [
    'a repeated field',
    'mlflow.GetLatestVersions',
    get('name=a&stages=None&stages=Staging'),
    '{"name":"a","stages":["None","Staging"]}',
  ],
  ['a repeated field once', 'mlflow.GetLatestVersions', get('stages=None'), '{"stages":["None"]}'],
  ['an encoded key', 'mlflow.GetRun', get('%72un_id=a'), '{"run_id":"a"}'],
  ['an encoded key beside the plain one', 'mlflow.GetRun', get('%72un_id=a&run_id=b'), malformed],
  ['camelCase', 'mlflow.GetRun', get('runId=a'), '{"run_id":"a"}'],
  ['both spellings', 'mlflow.GetRun', get('runId=a&run_id=a'), malformed],
  ['both spellings of a repeated field', 'mlflow.SearchExperiments', get('orderBy=a&order_by=b'), malformed],
  ['plus and %20 are spaces', 'mlflow.GetExperimentByName', get('experiment_name=a+b%20c%2B'), '{"experiment_name":"a b c+"}'],
  ['only the first = splits', 'mlflow.SearchRegisteredModels', get("filter=name='a'"), '{"filter":"name=\'a\'"}'],
  ['a semicolon is no separator', 'mlflow.GetRun', get('run_id=a;run_id=b'), '{"run_id":"a;run_id=b"}'],
  ['a key without = is empty', 'mlflow.SearchExperiments', get('page_token'), '{"page_token":""}'],
  ['an empty key', 'mlflow.GetRun', get('=a'), malformed],
  ['an empty pair', 'mlflow.GetRun', get('run_id=a&&'), malformed],
  ['a cut percent sign', 'mlflow.GetRun', get('run_id=a%2'), malformed],
  ['a wrong percent sign', 'mlflow.GetRun', get('run_id=%zz'), malformed],
  ['invalid UTF-8', 'mlflow.GetRun', get('run_id=%ff'), malformed],
  ['an overlong encoding', 'mlflow.GetRun', get('run_id=%c0%af'), malformed],
  ['an encoded surrogate', 'mlflow.GetRun', get('run_id=%ed%a0%80'), malformed],
  ['a raw non-ASCII letter', 'mlflow.GetRun', get('run_id=\u00e9'), malformed],
  ['a raw space', 'mlflow.GetRun', get('run_id=a b'), malformed],
  ['a raw number sign', 'mlflow.GetRun', get('run_id=a#b'), malformed],
  ['NUL', 'mlflow.GetRun', get('run_id=a%00'), invalid],
  ['brackets', 'mlflow.GetLatestVersions', get('stages%5B%5D=None'), invalid],
  ['indexed brackets', 'mlflow.GetLatestVersions', get('stages[0]=None'), invalid],
  ['nested brackets', 'mlflow.GetRun', get('run_id[a]=b'), invalid],
  ['another case', 'mlflow.GetRun', get('RUN_ID=a'), invalid],
  ['a message', 'mlflow.LogBatch', get('metrics=a'), invalid],
  ['a message in the body of GET', 'mlflow.LogBatch', call('GET', { body: '{"metrics":[{"key":"a"}]}' }), invalid],
  ['true', 'mlflow.GetLoggedModel', get('allow_deleted=true'), '{"allow_deleted":true}'],
  ["Python's False", 'mlflow.GetLoggedModel', get('allow_deleted=False'), '{"allow_deleted":false}'],
  ['1 for true', 'mlflow.GetLoggedModel', get('allow_deleted=1'), invalid],
  ['a whole number', 'mlflow.SearchExperiments', get('max_results=100'), '{"max_results":100}'],
  ['an empty number', 'mlflow.SearchExperiments', get('max_results='), invalid],
  ['an enum', 'mlflow.SearchExperiments', get('view_type=ALL'), '{"view_type":"ALL"}'],
  ['an enum by number', 'mlflow.SearchExperiments', get('view_type=1'), '{"view_type":"ACTIVE_ONLY"}'],
])

check('path parameters are part of the message', [
  ['alone', 'mlflow.GetLoggedModel', get('', { model_id: 'm-1' }), '{"model_id":"m-1"}'],
  [
    'equal in the body',
    'mlflow.FinalizeLoggedModel',
    call('PATCH', { body: '{"model_id":"m-1","status":"LOGGED_MODEL_READY"}', path: { model_id: 'm-1' } }),
    '{"model_id":"m-1","status":"LOGGED_MODEL_READY"}',
  ],
  ['equal in the query', 'mlflow.GetTraceInfo', get('request_id=tr-1', { request_id: 'tr-1' }), '{"request_id":"tr-1"}'],
  [
    'another in the body',
    'mlflow.FinalizeLoggedModel',
    call('PATCH', { body: '{"model_id":"m-2"}', path: { model_id: 'm-1' } }),
    malformed,
  ],
  [
    'another in camelCase',
    'mlflow.FinalizeLoggedModel',
    call('PATCH', { body: '{"modelId":"m-2"}', path: { model_id: 'm-1' } }),
    malformed,
  ],
  [
    'an empty one in the body',
    'mlflow.FinalizeLoggedModel',
    call('PATCH', { body: '{"model_id":""}', path: { model_id: 'm-1' } }),
    malformed,
  ],
  ['no field of the message', 'mlflow.artifacts.DownloadArtifact', get('', { artifact_path: '1/a' }), '{"artifact_path":"1/a"}'],
  ['NUL', 'mlflow.artifacts.DownloadArtifact', get('', { artifact_path: '1/\0' }), invalid],
])

check('fields have one spelling, one value and their type', [
  [
    'camelCase, also nested',
    'mlflow.LogBatch',
    post('{"runId":"a","metrics":[{"datasetName":"d"}]}'),
    '{"run_id":"a","metrics":[{"dataset_name":"d"}]}',
  ],
  ['both spellings', 'mlflow.SearchRuns', post('{"experiment_ids":["1"],"experimentIds":["1"]}'), malformed],
  ['both spellings, one null', 'mlflow.SearchRuns', post('{"experiment_ids":null,"experimentIds":["1"]}'), malformed],
  ['both spellings, nested', 'mlflow.LogBatch', post('{"metrics":[{"model_id":"a","modelId":"b"}]}'), malformed],
  ['run_id and another run_uuid', 'mlflow.SetTag', post('{"run_id":"a","run_uuid":"b"}'), malformed],
  ['an empty run_id and a run_uuid', 'mlflow.SetTag', post('{"run_id":"","run_uuid":"b"}'), malformed],
  ['run_id and the same run_uuid', 'mlflow.GetRun', get('run_id=a&run_uuid=a'), '{"run_id":"a","run_uuid":"a"}'],
  ['null is absent', 'mlflow.SetTag', post('{"run_id":"a","value":null}'), '{"run_id":"a"}'],
  ['null in a list', 'mlflow.SearchRuns', post('{"experiment_ids":[null]}'), invalid],
  ['a number for a string', 'mlflow.SetTag', post('{"run_id":1}'), invalid],
  ['a number for an experiment', 'mlflow.CreateRun', post('{"experiment_id":1}'), '{"experiment_id":"1"}'],
  ['numbers for experiments', 'mlflow.SearchRuns', post('{"experimentIds":[1,"2",0]}'), '{"experiment_ids":["1","2","0"]}'],
  ['a fraction for an experiment', 'mlflow.CreateRun', post('{"experiment_id":1.0}'), invalid],
  ['an exponent for an experiment', 'mlflow.CreateRun', post('{"experiment_id":1e3}'), invalid],
  ['a negative number for an experiment', 'mlflow.CreateRun', post('{"experiment_id":-1}'), invalid],
  ['a boolean for a string', 'mlflow.SetTag', post('{"value":true}'), invalid],
  ['an array for a string', 'mlflow.SetTag', post('{"run_id":["a"]}'), invalid],
  ['an object for a string', 'mlflow.SetTag', post('{"run_id":{"a":"b"}}'), invalid],
  ['a string for a list', 'mlflow.SearchRuns', post('{"experiment_ids":"1"}'), invalid],
  [
    'a string for a message',
    'mlflow.LogBatch',
    post('{"metrics":["a"]}'),
    /^invalid-parameter: Invalid value "a" for parameter 'metrics\[0\]' supplied: it must be an object/,
  ],
  ['NUL in a string', 'mlflow.SetTag', post('{"run_id":"a\\u0000"}'), invalid],
  ['int64 beyond 2^53', 'mlflow.LogMetric', post('{"timestamp":9007199254740993}'), '{"timestamp":9007199254740993}'],
  [
    'int64 as text, as R sends it',
    'mlflow.LogMetric',
    post('{"timestamp":"9007199254740993"}'),
    '{"timestamp":9007199254740993}',
  ],
  ['the least int64', 'mlflow.LogMetric', post('{"step":-9223372036854775808}'), '{"step":-9223372036854775808}'],
  ['below int64', 'mlflow.LogMetric', post('{"step":-9223372036854775809}'), invalid],
  ['above int64', 'mlflow.LogMetric', post('{"step":9223372036854775808}'), invalid],
  ['above int32', 'mlflow.SearchRuns', post('{"max_results":2147483648}'), invalid],
  ['a fraction', 'mlflow.LogMetric', post('{"step":1.5}'), invalid],
  ['a fraction of nothing', 'mlflow.LogMetric', post('{"timestamp":1700000000000.0}'), '{"timestamp":1700000000000}'],
  ['the same as text', 'mlflow.LogMetric', post('{"timestamp":"1.7e12"}'), '{"timestamp":1700000000000}'],
  ['an exponent', 'mlflow.LogMetric', post('{"step":1e3}'), '{"step":1000}'],
  ['a fraction with an exponent', 'mlflow.LogMetric', post('{"step":70e-1}'), '{"step":7}'],
  ['a double beyond 2^53', 'mlflow.LogMetric', post('{"step":9007199254740993.0}'), '{"step":9007199254740992}'],
  ['a double above int64', 'mlflow.LogMetric', post('{"step":1e19}'), invalid],
  ['minus zero', 'mlflow.LogMetric', post('{"step":-0}'), '{"step":0}'],
  ['a leading zero', 'mlflow.LogMetric', post('{"step":"01"}'), invalid],
  ['a space', 'mlflow.LogMetric', post('{"step":" 1"}'), invalid],
  ['a plus sign', 'mlflow.LogMetric', post('{"step":"+1"}'), invalid],
  ['an underscore', 'mlflow.LogMetric', post('{"step":"1_0"}'), invalid],
  ['a full-width digit', 'mlflow.LogMetric', post('{"step":"１"}'), invalid],
  ['a boolean for an int64', 'mlflow.LogMetric', post('{"step":true}'), invalid],
  ['a double', 'mlflow.LogMetric', post('{"value":1e-05}'), '{"value":1e-05}'],
  ['a double as text', 'mlflow.LogMetric', post('{"value":"0.1"}'), '{"value":0.1}'],
  ['NaN as protobuf writes it', 'mlflow.LogMetric', post('{"value":"NaN"}'), '{"value":"NaN"}'],
  ['-Infinity as protobuf writes it', 'mlflow.LogMetric', post('{"value":"-Infinity"}'), '{"value":"-Infinity"}'],
  ['nan as Python writes it', 'mlflow.LogMetric', post('{"value":"nan"}'), invalid],
  ['a double beyond the range', 'mlflow.LogMetric', post('{"value":1e400}'), invalid],
  ['a word for a double', 'mlflow.LogMetric', post('{"value":"a"}'), invalid],
  ['an enum', 'mlflow.SearchRuns', post('{"run_view_type":"ACTIVE_ONLY"}'), '{"run_view_type":"ACTIVE_ONLY"}'],
  ['an enum by number', 'mlflow.SearchRuns', post('{"run_view_type":1}'), '{"run_view_type":"ACTIVE_ONLY"}'],
  ['an enum by a number in text', 'mlflow.SearchRuns', post('{"run_view_type":"3"}'), '{"run_view_type":"ALL"}'],
  ['an enum by a whole float', 'mlflow.UpdateRun', post('{"status":3.0}'), '{"status":"FINISHED"}'],
  ['an enum by a fraction', 'mlflow.UpdateRun', post('{"status":3.5}'), invalid],
  ['an enum by a number that it does not have', 'mlflow.UpdateRun', post('{"status":9}'), invalid],
  ['an enum by a boolean', 'mlflow.UpdateRun', post('{"status":true}'), invalid],
  ['an enum in another case', 'mlflow.SearchRuns', post('{"run_view_type":"active_only"}'), invalid],
  [
    'a boolean',
    'mlflow.TransitionModelVersionStage',
    post('{"archiveExistingVersions":true}'),
    '{"archive_existing_versions":true}',
  ],
  ['a boolean as text in a body', 'mlflow.TransitionModelVersionStage', post('{"archive_existing_versions":"true"}'), invalid],
  ['a boolean as number', 'mlflow.TransitionModelVersionStage', post('{"archive_existing_versions":1}'), invalid],
  [
    'a map keeps its keys',
    'mlflow.StartTraceV3',
    post('{"trace":{"traceInfo":{"tags":{"aB":"c","a_b":"d","__proto__":"e"}}}}'),
    '{"trace":{"trace_info":{"tags":{"aB":"c","a_b":"d","__proto__":"e"}}}}',
  ],
  ['a map of strings', 'mlflow.StartTraceV3', post('{"trace":{"trace_info":{"tags":{"a":1}}}}'), invalid],
  [
    'any JSON where protobuf takes any',
    'mlflow.CreateAssessment',
    post('{"assessment":{"feedback":{"value":{"aB":[null,1]}}}}'),
    '{"assessment":{"feedback":{"value":{"aB":[null,1]}}}}',
  ],
  [
    'null where protobuf takes any',
    'mlflow.CreateAssessment',
    post('{"assessment":{"feedback":{"value":null}}}'),
    '{"assessment":{"feedback":{"value":null}}}',
  ],
  [
    'a number beyond a double where protobuf takes any',
    'mlflow.CreateAssessment',
    post('{"assessment":{"feedback":{"value":[1e400]}}}'),
    invalid,
  ],
  [
    'a time and a duration',
    'mlflow.StartTraceV3',
    post('{"trace":{"trace_info":{"request_time":"2026-02-28T23:59:59.123456789+01:00","execution_duration":"0.25s"}}}'),
    /^{"trace"/,
  ],
  ['a null time', 'mlflow.StartTraceV3', post('{"trace":{"trace_info":{"request_time":null}}}'), '{"trace":{"trace_info":{}}}'],
  ...['2026-02-30T00:00:00Z', '2026-01-01T00:00:00', '2026-01-01', '2026-01-01T24:00:00Z', '0000-01-01T00:00:00Z', 'x'].map(
    (time): Case => [
      `the time ${time}`,
      'mlflow.StartTraceV3',
      post(JSON.stringify({ trace: { trace_info: { request_time: time } } })),
      invalid,
    ],
  ),
  ...['1', '.5s', '1 s', '1e3s', '1000000000000s'].map(
    (time): Case => [
      `the duration ${time}`,
      'mlflow.StartTraceV3',
      post(JSON.stringify({ trace: { trace_info: { execution_duration: time } } })),
      invalid,
    ],
  ),
  ['a time as number', 'mlflow.StartTraceV3', post('{"trace":{"trace_info":{"request_time":1}}}'), invalid],
  [
    'a field mask in snake_case',
    'mlflow.UpdateAssessment',
    call('PATCH', { body: '{"update_mask":"assessment_name"}' }),
    invalid,
  ],
  [
    'a field mask',
    'mlflow.UpdateAssessment',
    call('PATCH', { body: '{"updateMask":"assessmentName,valid"}' }),
    '{"update_mask":"assessmentName,valid"}',
  ],
  ['two of a oneof', 'mlflow.CreateAssessment', post('{"assessment":{"feedback":{},"expectation":{}}}'), invalid],
])

check('unknown fields are refused by name, or forwarded when they name nothing', [
  ['refused', 'mlflow.CreateRun', post('{"colour":"red"}'), /'colour'.*leave it out/],
  ['refused when nested, by its path', 'mlflow.LogBatch', post('{"metrics":[{"colour":"red"}]}'), /'metrics\[0\]\.colour'/],
  ['refused in a query', 'mlflow.GetRun', get('colour=red'), /'colour'/],
  ['refused though null', 'mlflow.CreateRun', post('{"colour":null}'), invalid],
  ['an extension', 'mlflow.CreateRun', post('{"[mlflow.rpc]":1}'), invalid],
  ['an odd name is not shown', 'mlflow.CreateRun', post('{"<b>":1}'), /^(?!.*<b>)invalid-parameter: /],
  ['forwarded in snake_case', 'mlflow.CreateRun', post('{"someColour":{"a":[1]}}'), '{"some_colour":{"a":[1]}}', forwarding],
  ['forwarded in a query', 'mlflow.GetRun', get('colour=red'), '{"colour":"red"}', forwarding],
  ['repeated in a query', 'mlflow.GetRun', get('colour=red&colour=blue'), malformed, forwarding],
  ['both spellings', 'mlflow.CreateRun', post('{"someColour":1,"some_colour":1}'), malformed, forwarding],
  ...[
    'parent_run_id',
    'runIds',
    'ExperimentNames',
    'source_uri',
    'tracePath',
    'user',
    'modelversion',
    'r_un',
    'x-run',
    'ｉd',
  ].map(
    (name): Case => [
      `${name} suggests an identity`,
      'mlflow.CreateRun',
      post(JSON.stringify({ [name]: 'a' })),
      invalid,
      forwarding,
    ],
  ),
  ['an identity inside', 'mlflow.CreateRun', post('{"colour":[{"runId":"a"}]}'), invalid, forwarding],
])

t.test('a refusal repeats a short value as MLflow does, and nothing longer', async (t) => {
  for (const [body, words] of [
    ['{"run_id":31}', "Invalid value 31 for parameter 'run_id' supplied"],
    ['{"run_id":9.0}', "Invalid value 9.0 for parameter 'run_id' supplied"],
    ['{"timestamp":"foo"}', `Invalid value "foo" for parameter 'timestamp' supplied`],
    ['{"value":true}', "Invalid value true for parameter 'value' supplied"],
    ['{"run_id":["x",null]}', `Invalid value ["x",null] for parameter 'run_id' supplied`],
    ['{"key":{"b":1,"a":"ü😀"}}', String.raw`Invalid value {"a":"\u00fc\ud83d\ude00","b":1} for parameter 'key' supplied`],
  ] as const) {
    t.match(outcome('mlflow.LogMetric', post(body)), words, body)
  }
  const long = 'secret'.repeat(90)
  for (const body of [
    `{"run_id":{"${long}":1}}`,
    `{"run_id":["${long}"]}`,
    `{"timestamp":"${long}"}`,
    `{"value":"${long}"}`,
    '{"run_id":"a","run_uuid":"secret"}',
  ]) {
    t.notMatch(outcome('mlflow.LogMetric', post(body)), 'secret', body)
  }
  t.notMatch(outcome('mlflow.GetRun', get('run_id=secret&run_id=b')), 'secret')
})

t.test('what is required is looked at first and in its order, as MLflow does', async (t) => {
  const required = { ...strict, required: ['run_id|run_uuid', 'key'] }
  const missing = (name: string) => `Missing value for required parameter '${name}'. See the API docs`
  for (const [body, words] of [
    ['{"step":"foo"}', missing('run_id')],
    ['{"unheard":1,"run_id":""}', missing('run_id')],
    ['{"unheard":1,"runUuid":"a","key":null}', missing('key')],
    ['{"step":"foo","run_uuid":31}', "Invalid value 31 for parameter 'run_uuid'"],
    ['{"step":"foo","run_id":"a","key":31}', "Invalid value 31 for parameter 'key'"],
    ['{"step":"foo","run_id":"a","key":"b","value":1}', missing('timestamp')],
    ['{"step":"foo","run_id":"a","key":"b","value":1,"timestamp":2}', `Invalid value "foo" for parameter 'step'`],
  ] as const) {
    t.match(outcome('mlflow.LogMetric', post(body), required), words, body)
  }
  t.equal(
    outcome('mlflow.LogMetric', post('{"step":"1"}'), required),
    '{"step":1}',
    'what is only missing is not for the decoder',
  )
  t.match(outcome('mlflow.GetRun', get('unheard=1'), required), missing('run_id'), 'in a query')
  const inPath = { ...post('{"key":"b"}'), pathParams: new Map([['run_id', 'a']]) }
  t.match(outcome('mlflow.LogMetric', inPath, required), '{"key":"b","run_id":"a"}', 'what stands in the path is there')
})

const everyMessage = [...Object.keys(messages), ...Object.keys(undescribedMessages)]

t.test('every message is whole, and an unknown one is a mistake in the program', async (t) => {
  t.ok(everyMessage.length > 400)
  for (const name of everyMessage) {
    const { fields, spellings } = shapeOf(name)
    const broken = [...fields.values()].filter(
      ({ type, message, values }) =>
        (type === 'message') !== (message !== undefined && hasShape(message)) || (type === 'enum') !== (values !== undefined),
    )
    t.same([broken, new Set(spellings.values()).size], [[], fields.size], name)
  }
  t.throws(() => shapeOf('mlflow.NoSuch'), /no message/)
  t.throws(() => decodeCall('toString', get(''), strict), /no message/)
  t.same(
    routes.flatMap(({ request, response }) => [request, response]).filter((name) => name !== undefined && !hasShape(name)),
    [],
  )
})

t.test('fieldOf follows selectors', async (t) => {
  t.equal(fieldOf('mlflow.LogBatch', 'metrics[].model_id')?.type, 'string')
  t.equal(fieldOf('mlflow.SearchRuns', 'experiment_ids')?.repeated, true)
  t.equal(fieldOf('mlflow.SearchRuns', 'experiment_ids[]')?.repeated, true)
  t.equal(fieldOf('mlflow.GetRun.Response', 'run.info.run_id')?.type, 'string')
  for (const wrong of ['nope', 'run_id[]', 'metrics.key', 'metrics[].nope', 'run_id.x', ''])
    t.equal(fieldOf('mlflow.LogBatch', wrong), undefined, wrong)
})

t.test('the generated routes hold what every version serves', async (t) => {
  const found = routes.find(
    ({ method, path, request }) => method === 'GET' && path === '/mlflow/runs/get' && request === 'mlflow.GetRun',
  )
  t.strictSame(found?.prefixes['/api/2.0'], {})
  t.strictSame(found?.prefixes['/api/2.0/preview'], { until: '1.30.1' })
  t.same(openEndpoints.get('getRun')?.versions, describedVersions, 'all of them have it')
  t.equal(routes.find(({ path }) => path === '/signup')?.server, 'basic-auth')
})

const plainText = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', ''))

function wellKnownOf({ form }: Field): fc.Arbitrary<Json> {
  if (form === 'timestamp')
    return fc
      .date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString())
  if (form === 'duration') return fc.integer().map((milliseconds) => `${milliseconds / 1000}s`)
  if (form === 'fieldMask') return fc.array(fc.constantFrom('assessmentName', 'a.b', 'tags')).map((names) => names.join(','))
  return fc.oneof(
    plainText,
    fc.constantFrom(true, null),
    fc.array(plainText),
    fc.dictionary(plainText, plainText).map((object) => new Map(Object.entries(object))),
  )
}

function scalarOf(field: Field): fc.Arbitrary<Json> {
  const integers = (least: bigint, most: bigint) => fc.bigInt(least, most).map((value) => new JsonNumber(String(value)))
  switch (field.type) {
    case 'bool':
      return fc.boolean()
    case 'int32':
      return integers(-(2n ** 31n), 2n ** 31n - 1n)
    case 'int64':
      return integers(-(2n ** 63n), 2n ** 63n - 1n)
    case 'uint32':
      return integers(0n, 2n ** 32n - 1n)
    case 'uint64':
      return integers(0n, 2n ** 64n - 1n)
    case 'float':
      return fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => new JsonNumber(String(value)))
    case 'json':
      return wellKnownOf(field)
    case 'double':
      return fc.oneof(
        fc.constantFrom('NaN', 'Infinity', '-Infinity'),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => new JsonNumber(String(value))),
      )
    case 'enum':
      return fc.constantFrom(...(field.values ?? []))
    case 'bytes':
      return fc.base64String()
    default:
      return plainText
  }
}

function messageOf(name: string, flat: boolean, depth = 0): fc.Arbitrary<JsonObject> {
  const entries = [...shapeOf(name).fields].flatMap(([key, field]) => {
    const nested = field.type === 'message' || field.type === 'json' || field.map === true
    if (nested && (flat || depth > 3)) return []
    return [
      fc.option(
        fieldValue(field, flat, depth).map((value): [string, Json] => [key, value]),
        { nil: undefined },
      ),
    ]
  })
  return fc.tuple(...entries).map((pairs) => withoutClashes(name, new Map(pairs.filter((pair) => pair !== undefined))))
}

function fieldValue(field: Field, flat: boolean, depth: number): fc.Arbitrary<Json> {
  const one =
    field.type === 'message' && field.message !== undefined ? messageOf(field.message, flat, depth + 1) : scalarOf(field)
  if (field.map) return fc.array(fc.tuple(plainText, one), { maxLength: 3 }).map((pairs) => new Map(pairs))
  return field.repeated ? fc.array(one, { minLength: flat ? 1 : 0, maxLength: 3 }) : one
}

function withoutClashes(name: string, message: JsonObject): JsonObject {
  const groups = new Set<string>()
  for (const key of message.keys()) {
    const group = shapeOf(name).fields.get(key)?.oneof
    if (group !== undefined && groups.has(group)) message.delete(key)
    if (group !== undefined) groups.add(group)
  }
  if (message.has('run_id') && message.has('run_uuid')) message.delete('run_uuid')
  return message
}

const requests = [...new Set(routes.flatMap(({ request }) => request ?? []))]

t.test('decoding what was encoded gives the same message, in a body and in a query', async () => {
  const messageIn = (flat: boolean) =>
    fc.constantFrom(...requests).chain((name) => messageOf(name, flat).map((message) => ({ name, message })))
  fc.assert(
    fc.property(messageIn(false), ({ name, message }) =>
      isDeepStrictEqual(decodeCall(name, post(encodeBody(message)), strict), message),
    ),
    { numRuns: 400 },
  )
  fc.assert(
    fc.property(messageIn(true), ({ name, message }) =>
      isDeepStrictEqual(decodeCall(name, get(encodeQuery(message)), strict), message),
    ),
    { numRuns: 400 },
  )
})

t.test('a query goes upstream in RFC 3986 letters only, without what stands in the path', async (t) => {
  t.equal(
    encodeQuery(
      new Map<string, Json>([
        ['filter', "name = 'a+b' AND (x*!)&"],
        ['stages', ['a', 'é']],
        ['n', new JsonNumber('1')],
        ['b', true],
      ]),
    ),
    'filter=name%20%3D%20%27a%2Bb%27%20AND%20%28x%2A%21%29%26&stages=a&stages=%C3%A9&n=1&b=true',
  )
  t.equal(
    encodeQuery(
      new Map([
        ['model_id', 'a'],
        ['b', 'c'],
      ]),
      new Set(['model_id']),
    ),
    'b=c',
  )
  t.equal(
    encodeBody(
      new Map([
        ['model_id', 'a'],
        ['b', 'c'],
      ]),
      new Set(['model_id']),
    ),
    '{"b":"c"}',
  )
  t.throws(() => encodeQuery(new Map([['a', new Map()]])), TypeError)
})

t.test('ids are canonical, or resemble one, or are no ids', async (t) => {
  const hex = '0123456789abcdef0123456789abcdef'
  for (const good of ['0', '1', '42', '9223372036854775807', '1234567890123456789']) t.ok(ids.isExperimentId(good), good)
  const likeOne = [
    '01',
    '00',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '１',
    '1_0',
    '_1',
    '1.0',
    '.5',
    '1e0',
    '١',
    '\u00a01',
    '\u200b1',
    '\t1',
    '1\n',
    '1;',
    '1abc',
    '²',
    '9223372036854775808',
    '\ufeff1',
    '0x1',
    '--1',
  ]
  for (const like of likeOne) {
    t.notOk(ids.isExperimentId(like), JSON.stringify(like))
    t.ok(ids.resemblesExperimentId(like), JSON.stringify(like))
  }
  for (const none of ['', 'abc', 'a1', ' ', 'None', '/1']) {
    t.notOk(ids.isExperimentId(none), none)
    t.notOk(ids.resemblesExperimentId(none), none)
  }
  t.ok(ids.isVersion('1') && ids.isVersion('2147483647'))
  for (const like of ['0', '01', ' 1', '2147483648', '1.0', '0_1', '１'])
    t.ok(!ids.isVersion(like) && ids.resemblesVersion(like), like)
  t.ok(ids.isRunId(hex) && ids.isLoggedModelId(`m-${hex}`) && ids.isTraceId(`tr-${hex}`))
  for (const wrong of ['', hex.toUpperCase(), `${hex} `, `${hex}\n`, hex.slice(1), `m-${hex}`, `${hex}0`])
    t.notOk(ids.isRunId(wrong), JSON.stringify(wrong))
  for (const like of [hex.toUpperCase(), `${hex} `, ` m-${hex}`, `TR-${hex}`, `${hex}\n`])
    t.ok(ids.resemblesHexId(like), JSON.stringify(like))
  for (const other of [hex, 'latest', hex.slice(1)]) t.notOk(ids.resemblesHexId(other), other)
})
