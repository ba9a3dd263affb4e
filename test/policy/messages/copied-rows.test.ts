import fc from 'fast-check'
import t from 'tap'
import { Random } from '../../../fuzz/random.ts'
import type { OpenEndpoint } from '../../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../../src/policy/endpoints/endpoint-table.ts'
import { copiedInRequest } from '../../../src/policy/messages/copied-rows.ts'
import { decodeCall, type RawCall } from '../../../src/policy/messages/decode-call.ts'
import { decodeRequest } from '../../../src/policy/messages/decode-request.ts'
import { encodeBody } from '../../../src/policy/messages/encode.ts'
import type { CopiedLists } from '../../../src/policy/messages/json/copied-lists.ts'
import { isSameJson, type Json, JsonNumber, type JsonObject, PrintedJson } from '../../../src/policy/messages/json/json.ts'
import { parseJson, printJson } from '../../../src/policy/messages/json/json-text.ts'
import { Refusal } from '../../../src/policy/reasons.ts'
import { copiedInAnswer } from '../../../src/rewrite/answer/copied-answer.ts'
import { goodMessage } from '../../fixtures/full-message.ts'
import { all } from '../../fixtures/tenancy.ts'
import { tryLaw } from '../../harness/law.ts'
import { oddJson } from '../../harness/odd-json.ts'

function endpoint(name: string): OpenEndpoint {
  const found = endpointTable('mlflow').open.get(name)
  if (found === undefined) throw new Error(`the table has no ${name}`)
  return found
}

const logBatch = endpoint('logBatch')
const post = (body: string): RawCall => ({
  method: 'POST',
  rawQuery: '',
  body: new TextEncoder().encode(body),
  contentType: 'application/json',
  pathParams: new Map(),
})
const rules = { unknownFields: 'refuse' } as const

function attempt(read: () => JsonObject): JsonObject | string {
  try {
    return read()
  } catch (error) {
    if (error instanceof Refusal) return `${error.reason}: ${error.message}`
    throw error
  }
}

const decode = (body: string) => attempt(() => decodeRequest(logBatch, post(body), rules))
const decodeAll = (body: string) =>
  attempt(() => decodeCall(logBatch.request, post(body), { ...rules, required: logBatch.required }))
const isCopied = (read: JsonObject | string, list = 'metrics') =>
  typeof read !== 'string' && read.get(list) instanceof PrintedJson
const batch = (...rows: string[]) => `{"run_id":"r","metrics":[${rows.join()}]}`

t.test('rows in the form in which clients write them are copied', async (t) => {
  for (const row of [
    '{}',
    '{"key":"a","value":0.5,"timestamp":1764489474000,"step":-1}',
    '{"key": "a b\\n\\"c\\"é", "value": "NaN", "timestamp": 0, "step": 9}',
    '{ "key" : "" ,\n "value" : -1.5e-07 }',
    '{"value":1,"dataset_name":"d"}',
  ]) {
    const text = batch(row, row)
    t.ok(isCopied(decode(text)), row)
    const read = decode(text)
    t.equal(typeof read === 'string' ? read : printJson(read), text, 'as they came')
  }
})

t.test('all other rows are read', async (t) => {
  for (const row of [
    'null',
    '[]',
    '{"key":"a",}',
    '{"key":"a" "value":1}',
    '{"key":"a","key":"a"}',
    '{"value":1,"key":"a"}',
    '{"Key":"a"}',
    '{"key":"\\u0041"}',
    '{"key":"\\u0000"}',
    '{"key":"\\ud800"}',
    '{"k\\u0065y":"a"}',
    '{"key":"a\tb"}',
    '{"key":1}',
    '{"value":"1"}',
    '{"value":NaN}',
    '{"value":01}',
    '{"value":1e999}',
    '{"step":1.0}',
    '{"step":-0}',
    '{"step":"1"}',
    '{"step":9999999999999999999}',
    '{"key":null}',
    '{"key":"a","other":1}',
    '{"run_id":"r"}',
    '{"model_id":"m"}',
    `{"key":"${'x'.repeat(70_000)}"}`,
  ])
    for (const text of [batch(row), batch('{"key":"a"}', row)]) {
      t.notOk(isCopied(decode(text)), row.slice(0, 40))
      t.same(decode(text), decodeAll(text), 'as ever')
    }
  t.notOk(isCopied(decode('{"run_id":"r","metrics":[]}')))
})

const word = fc.constantFrom(
  '"key"',
  '"value"',
  '"timestamp"',
  '"step"',
  '"model_id"',
  '"run_id"',
  '"dataset_name"',
  '"x"',
  '"k\\u0065y"',
)
const scalar = fc.oneof(
  fc.constantFrom('1', '-0', '0.5', '1e5', '01', 'null', 'true', 'NaN', '"NaN"', '""', '[]', '{}', '12345678901234567890', '"5"'),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.double().map(String),
)
const space = fc.constantFrom('', '', '', ' ', '\n  ', '\t')
const member = fc
  .tuple(word, space, scalar, space)
  .map(([key, before, value, after]) => `${before}${key}:${before}${value}${after}`)
const anyRow = fc.array(member, { maxLength: 5 }).map((members) => `{${members.join()}}`)
const goodRow = fc
  .tuple(
    fc.string(),
    fc.integer().map((number) => number / 1000),
    fc.nat(),
    space,
  )
  .map(([key, value, step, gap]) => `{${gap}"key":${JSON.stringify(key)},${gap}"value":${value},"step":${gap}${step}}`)
const goodParam = fc.tuple(fc.string(), fc.string()).map(([key, value]) => JSON.stringify({ key, value }))
const rowsOf = (good: fc.Arbitrary<string>) =>
  fc.array(fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: anyRow }), { maxLength: 4 })
const cut = fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(30) })

t.test('what is copied is what is read', async (t) => {
  let copied = 0
  const law = fc.property(rowsOf(goodRow), rowsOf(goodParam), cut, (metrics, params, missing) => {
    const whole = `{"run_id":"r","metrics":[${metrics.join()}],"params":[${params.join()}]}`
    const text = whole.slice(0, whole.length - missing)
    const [one, other] = [decode(text), decodeAll(text)]
    if (isCopied(one)) copied += 1
    if (typeof one === 'string' || typeof other === 'string') return one === other
    // Read anew, a copy may not differ from what was checked.
    return isSameJson(parseJson(printJson(one)), parseJson(printJson(other)))
  })
  t.equal(tryLaw(law), 'holds')
  t.ok(copied > 500, 'often enough')
})

/** A row as clients write it. */
function drawRow(list: string, random: Random): JsonObject {
  const [text, whole] = [random.pick(['', 'loss', 'é 😀', 'a"\\\n']), new JsonNumber(String(random.below(1e9)))]
  const point = { value: new JsonNumber(random.pick(['0.5', '-1e-07', '3'])), timestamp: whole, step: whole }
  return new Map<string, Json>(Object.entries({ key: text, ...(list === 'metrics' ? point : { value: text }) }))
}

/** A good request, however strangely it is written. */
function drawRequest(endpoint: OpenEndpoint, random: Random): string {
  const [caller] = all
  const message = goodMessage(endpoint, caller)
  for (const list of copiedInRequest(endpoint).lists.keys())
    message.set(
      list,
      Array.from({ length: 3 }, () => drawRow(list, random)),
    )
  return oddJson(message, { random, strangers: random.pick([1_000_000, 300, 30, 10]), spaces: random.pick([1_000_000, 2]) })
}

t.test('and so it is of every endpoint that copies', async (t) => {
  const copying = [...endpointTable('mlflow').open.values()].filter((each) => copiedInRequest(each).lists.size > 0)
  t.same(copying.map(({ name }) => name).sort(), ['createLoggedModel', 'logBatch', 'logLoggedModelParams'])
  for (const each of copying) {
    const counts = { copied: 0, refused: 0 }
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const random = new Random(seed)
      const text = drawRequest(each, random)
      const unknownFields = random.pick(['refuse', 'forward'] as const)
      const one = attempt(() => decodeRequest(each, post(text), { unknownFields }))
      const other = attempt(() => decodeCall(each.request, post(text), { unknownFields, required: each.required }))
      if (typeof one === 'string') counts.refused += 1
      else if (isCopied(one, 'metrics') || isCopied(one, 'params')) counts.copied += 1
      const isSame =
        typeof one === 'string' || typeof other === 'string'
          ? one === other
          : isSameJson(parseJson(encodeBody(one)), parseJson(encodeBody(other)))
      if (!isSame) t.fail(`${each.name} ${seed}: ${text.slice(0, 2_000)}`)
    }
    t.ok(counts.copied > 200 && counts.refused > 200, `${each.name}: ${counts.copied} copied, ${counts.refused} refused`)
  }
})

t.test('rows that are copied are counted', async (t) => {
  const many = (count: number) =>
    `{"run_id":"r","metrics":[${Array(count).fill('{"key":"a","value":1,"timestamp":1,"step":1}').join()}]}`
  t.ok(isCopied(decode(many(10_000))))
  t.match(decode(many(25_000)), /more than 100000 keys/)
})

/** The lists as paths. */
function pathsOf({ lists, inside }: CopiedLists): string[] {
  return [...lists.keys(), ...[...inside].flatMap(([name, within]) => pathsOf(within).map((path) => `${name}.${path}`))]
}

t.test('these lists are copied', async (t) => {
  const tables = (['mlflow', 'databricks', 'unityCatalog'] as const).flatMap((kind) => [...endpointTable(kind).open.values()])
  const collect = (of: (endpoint: OpenEndpoint) => CopiedLists) =>
    [...new Set(tables.flatMap((each) => pathsOf(of(each))))].sort()
  t.same(collect(copiedInRequest), ['metrics', 'params'])
  t.same(collect(copiedInAnswer), [
    'metrics',
    'model.data.metrics',
    'model.data.params',
    'model_version.model_metrics',
    'model_version.model_params',
    'model_versions.model_metrics',
    'model_versions.model_params',
    'models.data.metrics',
    'models.data.params',
    'registered_model.latest_versions.model_metrics',
    'registered_model.latest_versions.model_params',
    'registered_model_databricks.latest_versions.model_metrics',
    'registered_model_databricks.latest_versions.model_params',
    'registered_models.latest_versions.model_metrics',
    'registered_models.latest_versions.model_params',
    'run.data.metrics',
    'run.data.params',
    'runs.data.metrics',
    'runs.data.params',
  ])
})
