import t from 'tap'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { isSameJson, type Json, PrintedJson } from '../../src/policy/messages/json/json.ts'
import { parseInTurns, parseJson, printJson } from '../../src/policy/messages/json/json-text.ts'
import { SkimmedObject } from '../../src/policy/messages/json/skimmed-object.ts'
import { copiedInAnswer } from '../../src/rewrite/answer/copied-answer.ts'
import { rewriteAnswer } from '../../src/rewrite/answer/rewrite-answer.ts'
import { parseAnswer } from '../../src/server/upstream/parse-answer.ts'
import { makeTenancy } from '../fixtures/tenancy.ts'
import { grantFor } from '../harness/draw-answer.ts'

// Rows of which only some members are read. That they say the same as rows that are read whole is a law of copied-answers.test.ts.

const searchRuns = endpointTable('mlflow').open.get('searchRuns')
if (searchRuns === undefined) throw new Error('the table has no searchRuns')
const copied = copiedInAnswer(searchRuns)
const tenancy = makeTenancy('mlflow')
const [caller, , other] = tenancy.places
const grant = grantFor(tenancy, searchRuns)

const info = (experiment = caller.experiment, more = '') =>
  `"info":{"run_uuid":"a",\n "experiment_id":"${experiment}","status":"FINISHED","start_time":1,"artifact_uri":"s3://b/a"${more}}`
const data = (tags = '{"key":"k","value":"v"}', lists = '"metrics":[{"key":"m","value":0.50,"step":1}],') =>
  `"data":{${lists}"tags":[${tags}]}`
const answerOf = (...rows: string[]) => `{"runs":[${rows.join()}]}`
const good = `{${info()},${data()}}`

function rowsOf(text: string, limits = {}): readonly Json[] {
  const answer = parseJson(text, { copied, ...limits })
  const rows = answer instanceof Map ? answer.get('runs') : undefined
  return Array.isArray(rows) ? rows : []
}
const isSkimmed = (row: string) => rowsOf(answerOf(row)).every((each) => each instanceof SkimmedObject)

function shown(text: string): Json {
  return rewriteAnswer(grant, parseAnswer({ status: 200, contentType: 'application/json', text }, { copied }))
}

t.test('rows in the form in which MLflow writes them are skimmed', async (t) => {
  for (const row of [
    good,
    `{${info()},${data('')}}`,
    `{${info()},${data()},"inputs":{},"outputs":{}}`,
    `{${info()},${data()},"inputs":{"model_inputs":[{"model_id":"m"}]},"outputs":{"model_outputs":[{"model_id":"m","step":1}]}}`,
    `{${info(undefined, ',"run_id":"\\u00e9 \\ud83d\\ude00 é \\"q\\""')},${data('{"key":"\\u4e2d","value":"\\ud83d\\ude00"}')}}`,
    `{${info()},${data(undefined, `"params":[{"key":"p","value":"${'\\"'.repeat(900)}"}],`)}}`,
  ])
    t.ok(isSkimmed(row), row.slice(0, 200))
})

t.test('all other rows are read', async (t) => {
  for (const row of [
    'null',
    '{}',
    `{${data()}}`,
    `{${info()}}`,
    `{${data()},${info()}}`,
    `{${info()},${data()},"x":1}`,
    `{${info(undefined, ',"lifecycle_stage":null')},${data()}}`,
    `{${info(undefined, ',"lifecycle_st\\u0061ge":"x"')},${data()}}`,
    `{${info()},${data('null')}}`,
    `{${info()},${data('{"key":"k","value":1}')}}`,
    `{${info()},${data('{"value":"v","key":"k"}')}}`,
    `{${info()},${data(undefined, '"metrics":[{"key":"m","value":1e999}],')}}`,
    `{${info()},${data(undefined, `"params":[{"key":"p","value":"${'\\"'.repeat(2_000)}"}],`)}}`,
    `{${info()},${data(undefined, `"metrics":[${Array(300).fill('{"key":"m","value":1}').join()}],`)}}`,
    `{${info(undefined, `,"lifecycle_stage":"${'x'.repeat(70_000)}"`)},${data()}}`,
  ])
    t.notOk(isSkimmed(row), row.slice(0, 200))
})

t.test('what is refused stays refused', async (t) => {
  for (const row of [
    `{${info()},${info()},${data()}}`,
    `{${info(undefined, ',"artifact_uri":"s3://b/c"')},${data()}}`,
    `{${info()},${data('{"key":"k","value":"v","key":"k"}')}}`,
    `{${info()},${data(undefined, '"metrics":[{"key":"m","value":NaN}],')}}`,
    ...['\\ud83d', '\\ude00', '\\ud83dx', '\\ude00\\ud83d', '\\x', '\\u12', '\t'].map(
      (text) => `{${info()},${data(`{"key":"k","value":"${text}"}`)}}`,
    ),
  ])
    t.throws(() => rowsOf(answerOf(row)), /The JSON is not valid|half of a surrogate pair/, row.slice(0, 200))
  t.throws(() => rowsOf(answerOf(good), { maxDepth: 5 }), /nested more than 5 levels/)
})

t.test('whoever looks into a row finds all of it', async (t) => {
  const [row] = rowsOf(answerOf(good))
  if (!(row instanceof SkimmedObject)) throw new Error('the row is not skimmed')
  const whole = parseJson(good)
  if (!(whole instanceof Map)) throw new Error('the row is no object')
  t.equal(printJson(row), printJson(whole))
  t.same([row.size, [...row.keys()], row.has('data'), row.has('x')], [2, ['info', 'data'], true, false])
  t.ok(isSameJson(row.get('data') ?? null, whole.get('data') ?? null) && isSameJson(new Map(row), whole))
  const seen: string[] = []
  row.forEach((_, key) => void seen.push(key))
  t.same(seen, ['info', 'data'])
  t.same(
    [...rowsOf(answerOf(good))].flatMap((each) => (each instanceof Map ? [...each.values()].length : [])),
    [2],
  )
  for (const change of [() => row.set(), () => row.delete(), () => row.clear()]) t.throws(change, TypeError)
})

t.test('what is not changed is the text that came, and what is stands in its place', async (t) => {
  t.equal(printJson(shown(answerOf(good))), answerOf(good))
  const named = JSON.stringify(JSON.stringify([{ name: caller.stored('fraud'), version: '1' }]))
  const tag = `{"key":"mlflow.modelVersions","value":${named}}`
  const tags = (printed: string) => answerOf(`{${info()},${data(printed)},"inputs":{}}`)
  const said = '{"key":"mlflow.modelVersions","value":"[{\\"name\\": \\"fraud\\", \\"version\\": \\"1\\"}]"}'
  t.equal(printJson(shown(tags(`${tag},\n{"key":"k" ,"value":"v"}`))), tags(`${said},{"key":"k","value":"v"}`))
  const hidden = '{"key":"mlflow-env-proxy.pendingStage","value":"x"}'
  t.equal(printJson(shown(tags(`${hidden},{"key":"k","value":"v"}`))), tags('{"key":"k","value":"v"}'))
  const place = answerOf(good.replace('s3://b/a', 'mlflow-artifacts://host:5000/7/a'))
  t.equal(printJson(shown(place)), answerOf(good.replace('s3://b/a', 'mlflow-artifacts:/7/a')))
})

t.test("another environment's row is left out", async (t) => {
  const text = answerOf(`{${info(other.experiment)},${data()}}`, good)
  t.ok(rowsOf(text).every((row) => row instanceof SkimmedObject))
  t.equal(printJson(shown(text)), answerOf(good))
})

t.test('the text of a row is not put together again', async (t) => {
  const rows = shown(answerOf(good, good))
  const list = rows instanceof Map ? rows.get('runs') : null
  t.same(Array.isArray(list) && list.map((row) => row instanceof PrintedJson && row.parts), [[good], [good]])
})

t.test('rows are counted by their length, and charged', async (t) => {
  const many = answerOf(...Array(2_000).fill(good))
  t.throws(() => rowsOf(many, { maxKeys: 5_000 }), /more than 5000 keys/)
  t.equal(rowsOf(many, { maxKeys: 40_000 }).length, 2_000)
  let charged = 0
  for (const bytes of parseInTurns(many, { copied })) charged = Math.max(charged, bytes ?? 0)
  t.ok(charged > 2_000 * 1_900 && charged < 2_000 * 4_000, `${charged} bytes`)
})

t.test('where no row can be skimmed, it is not tried again and again', async (t) => {
  const odd = `{${info()},${data()},"x":1}`
  const rows = rowsOf(answerOf(...Array(20).fill(odd), good))
  t.notOk(rows.at(-1) instanceof SkimmedObject)
  t.ok(rowsOf(answerOf(odd, good)).at(-1) instanceof SkimmedObject)
})
