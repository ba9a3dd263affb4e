import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { decide } from '../../src/policy/decide.ts'
import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { parseFilter } from '../../src/policy/filter/filter-string.ts'
import { parseOrderBy } from '../../src/policy/filter/order-by.ts'
import { gatewayNamesIn } from '../../src/policy/genai/scorer-text.ts'
import { readOperation } from '../../src/policy/graphql/operation.ts'
import { canonicalPath, servedArtifactPath } from '../../src/policy/locations/store-path.ts'
import { limitOf, type Meaning, meaningTable } from '../../src/policy/meanings/meaning-table.ts'
import type { Json } from '../../src/policy/messages/json/json.ts'
import { parseJson } from '../../src/policy/messages/json/json-text.ts'
import { placesAt } from '../../src/policy/messages/message-fields.ts'
import { fieldOf } from '../../src/policy/messages/message-shape.ts'
import { parseQuery } from '../../src/policy/messages/query-text.ts'
import { parseModelUri } from '../../src/policy/names/model-uri.ts'
import { readExport } from '../../src/policy/otlp/export-message.ts'
import { Refusal } from '../../src/policy/reasons.ts'
import { printedRows } from '../../src/rewrite/answer/printed-rows.ts'
import { clientLocation } from '../../src/rewrite/client-location.ts'
import { clientSentence } from '../../src/rewrite/errors/error-text.ts'
import { readKeyId } from '../../src/server/auth/compact-token.ts'
import { parseAnswer } from '../../src/server/upstream/parse-answer.ts'
import { grantOf, judge, requestTo, toJson, verdictOf } from '../fakes/fake-fact-source.ts'
import { goodMessage, setAt } from '../fixtures/full-message.ts'
import { acc, config, inAcc, makeTenancy, openSourceTenancy, type Tenancy, tenancy } from '../fixtures/tenancy.ts'
import { isFullRun } from '../harness/full-run.ts'

const ofSize = /exceeds the maximum length of [0-9]+ characters|can contain at most [0-9]+ items/

const list = (length: number, item: Json): Json[] => Array.from({ length }, () => item)

const made = new Map<string, Json[]>()

/** Values of a field's form that hold as much as its meaning may of one thing, and little of all else; `more`: one more of it. */
function valuesOf(endpoint: OpenEndpoint, selector: string, meaning: Meaning, more: 0 | 1): readonly Json[] {
  const { type = 'string', repeated = false, map = false } = fieldOf(endpoint.request, selector) ?? {}
  const form = type === 'json' ? 'string' : type
  const name = `${meaning} ${form} ${repeated} ${map} ${more}`
  const known = made.get(name)
  if (known !== undefined) return known
  const { characters, items, key = characters } = limitOf(meaning)
  const text = 'x'.repeat(characters + more)
  const longKey = 'x'.repeat(key + more)
  const mapOf = (...pairs: [string, Json][]): Json => new Map(pairs)
  const inList = [mapOf(['key', longKey]), mapOf(['key', 'x'], ['value', text])].map((tag): Json => [tag])
  const inMap = [
    mapOf([longKey, 'x']),
    mapOf(['x', text]),
    new Map(list(items + more, 'x').map((x, at): [string, Json] => [`${x}${at}`, x])),
  ]
  const values: Record<string, Json[]> = {
    message: repeated ? [...inList, list(items + more, mapOf())] : [...inList.flat(), mapOf(['x', list(items + more, 'x')])],
    string: map ? inMap : repeated ? [[text], list(items + more, 'x')] : [text],
  }
  made.set(name, values[form] ?? [])
  return values[form] ?? []
}

/** What is said of a message before anything is asked; null where something is asked first, or it is allowed. */
function saidAtOnce(
  { config, places: [place], mode }: Tenancy,
  endpoint: OpenEndpoint,
  selector: string,
  value: Json,
): string | null {
  const message = goodMessage(endpoint, place)
  setAt(message, selector, null)
  for (const { replace } of placesAt(message, selector)) replace(value)
  const step = decide(config, place.environment, {
    endpointName: endpoint.name,
    endpoint,
    message,
    mode,
    administrator: true,
  }).next()
  return step.done === true && 'deny' in step.value ? step.value.deny.message : null
}

const tenancies = [
  openSourceTenancy,
  ...(['databricks', 'unityCatalog'] as const).flatMap((kind) => [makeTenancy(kind), makeTenancy(kind, 'databricks')]),
]

t.test('no field holds more than its meaning may, and nothing is asked before that is known', async (t) => {
  const seen = new Set<string>()
  const wrong: string[] = []
  for (const tenancy of tenancies) {
    for (const endpoint of endpointTable(tenancy.kind, tenancy.mode).open.values()) {
      for (const [selector, meaning] of Object.entries(endpoint.fields)) {
        for (const value of valuesOf(endpoint, selector, meaning, 1)) {
          seen.add(meaning)
          if (!ofSize.test(saidAtOnce(tenancy, endpoint, selector, value) ?? ''))
            wrong.push(`more: ${tenancy.kind} ${endpoint.name} ${selector}`)
        }
        // What is as long as it may be, is at most refused for something else.
        for (const value of valuesOf(endpoint, selector, meaning, 0))
          if (ofSize.test(saidAtOnce(tenancy, endpoint, selector, value) ?? ''))
            wrong.push(`as much: ${tenancy.kind} ${endpoint.name} ${selector}`)
      }
    }
  }
  t.same([...new Set(wrong)], [])
  const withoutText = new Set<string>(['archiveExisting', 'maxResults', 'relatedTrace', 'credentialOperation'])
  t.same(
    Object.keys(meaningTable).filter((meaning) => !withoutText.has(meaning) && !seen.has(meaning)),
    [],
    'every meaning was tried',
  )
})

const child = (memory: number, program: string, ...args: string[]) =>
  execFileSync(
    process.execPath,
    ['--expose-gc', `--max-old-space-size=${memory}`, join(import.meta.dirname, '../harness', program), ...args],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  )

const whenFull = { skip: isFullRun ? false : 'three quarters of a minute: in the full run' }

t.test('no body takes much more memory than its own length', whenFull, async (t) => {
  const lines = child(256, 'weigh-bodies.ts').trim().split('\n')
  t.ok(lines.length > 45, 'every body was judged')
  for (const line of lines) {
    const { name, outcome, grownMiB } = JSON.parse(line)
    t.ok(grownMiB < 256, `${name}: ${grownMiB} MiB, ${outcome}`)
  }
})

t.test('an answer of 300,000 rows takes a few times the memory of its text, and stays as it is', async (t) => {
  const { grownMiB, textMiB, same } = JSON.parse(child(200, 'weigh-answer.ts', '300000'))
  t.ok(same)
  t.ok(grownMiB < 6 * textMiB, `${grownMiB} MiB for ${textMiB}`)
})

t.test('what is remembered does not keep the answer or the request that it stood in', async (t) => {
  t.equal(child(64, 'keep-facts.ts').trim(), 'kept')
})

const attempt = (read: () => unknown): unknown => {
  try {
    return read()
  } catch (error) {
    return error instanceof Refusal ? error.reason : error
  }
}

const otlpJson = (value: string) =>
  readExport('json', Buffer.from(`{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":${value}}]}}]}`), {
    experimentId: '1',
    runId: null,
  })

const grant = grantOf(judge(config, acc, requestTo('getMetricHistory', { run_id: inAcc.run(1), metric_key: 'loss' }), tenancy))

/** Everything that reads texts of callers or of the upstream, without the limits that stand before it. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  JSON: (text) => parseJson(text),
  'a text of JSON': (text) => parseJson(`"${text}"`),
  'a member of JSON that is passed over': (text) => parseJson(`[{"x":${text}}]`, { members: new Set() }),
  'a filter': parseFilter,
  'a quoted value of a filter': (text) => parseFilter(`a = '${text}'`),
  'an order': parseOrderBy,
  'a path': canonicalPath,
  'a query': parseQuery,
  'a URI of a model': (text) => parseModelUri(`models:/${text}`),
  'an address of artifacts': (text) => servedArtifactPath(`https://x/${text}`),
  'a location': (text) => clientLocation(`mlflow-artifacts:/${text}`),
  'a scorer': (text) => gatewayNamesIn(text),
  'a token': (text) => readKeyId(text, ['RS256']),
  GraphQL: (text) => readOperation(new Map([['query', text]])),
  'bytes in OpenTelemetry': (text) => otlpJson(`{"bytesValue":"${text}a"}`),
  'a text in OpenTelemetry': (text) => otlpJson(`{"stringValue":"${text}"}`),
  'spans on the wire': (text) => readExport('protobuf', Buffer.from(text), { experimentId: '1', runId: null }),
  'a sentence of MLflow': (text) => clientSentence(text, grant.context),
}

const pieces = [
  'a',
  '1',
  '=',
  '/',
  '//',
  '/.',
  '%25',
  '%',
  '"',
  "'",
  '\\"',
  '`',
  '.',
  ',',
  '[',
  '[],',
  '{',
  '{"a":',
  '\\',
  ' ',
  '\n',
  '-',
  'e',
  '(',
  '@',
  '&',
  '~2F',
  '..',
  '{ a ',
  '# ',
]
const words = [
  '\ufdfa',
  'api/2.0/mlflow-artifacts/artifacts/',
  'models:/',
  'experiment ',
  'gateway:/',
  ' and ',
  'a=1 ',
  '\n\u0000\n',
  '...F ',
  '<Blob>',
]

t.test('whatever reads a text takes a time that grows with its length, and not with the square of it', async (t) => {
  const slow: string[] = []
  for (const piece of [...pieces, ...words]) {
    const text = piece.repeat(Math.ceil(500_000 / piece.length))
    for (const [name, read] of Object.entries(readers)) {
      const started = process.cpuUsage()
      attempt(() => read(text))
      const ms = process.cpuUsage(started).user / 1000
      // The square of its length would be minutes.
      if (ms > 2_000) slow.push(`${name}: ${JSON.stringify(piece)} again and again takes ${Math.round(ms)} ms`)
    }
  }
  t.same(slow, [])
})

t.test('members that are passed over are JSON all the same', async (t) => {
  const read = (text: string) => attempt(() => parseJson(text, { members: new Set(['kept']) }))
  t.same(
    read('[{"x": [1, {"y": "\\u0041", "y": null}, -1.5e3, true], "kept": {"x": 1}}, {"x": {}}]'),
    toJson([{ kept: { x: toJson(1) } }, {}]),
  )
  for (const text of [
    '[{"x":1,}]',
    '[{"x":[1,]}]',
    '[{"x":{1:2}}]',
    '[{"x":"\\q"}]',
    '[{"x":"\n"}]',
    '[{"x":01}]',
    '[{"x":nul}]',
    '[{"x":[}]',
    '[{"kept":1,"kept":1}]',
    `[{"x":${'['.repeat(70)}`,
  ])
    t.equal(read(text), 'malformed', text.slice(0, 30))
})

t.test('rows that are printed while they are read have what others have, and no more', async (t) => {
  const printed = printedRows(grant)
  t.same([...printed.keys()], ['metrics'])
  const read = (text: string) =>
    attempt(() => parseAnswer({ status: 200, contentType: 'application/json', text }, { allowNaN: true, printed }).get('metrics'))
  t.match(read('{"metrics": [{"key":"a","value":NaN,"secret":1}, {"key":"b\\n"}]}'), {
    parts: ['[{"key":"a","value":NaN},{"key":"b\\n"}]'],
  })
  t.match(read('{"metrics": []}'), { parts: ['[]'] })
  t.equal(read('{"metrics": [{"key":"a"},1]}'), 'unknown-answer')
  t.equal(read('{"metrics": [{"key":"a"},{"key":"a","key":"b"}]}'), 'unknown-answer')
  t.equal(read('{"metrics": null, "metrics": []}'), 'unknown-answer')
})

t.test('an answer has as many values as its length lets expect', async (t) => {
  const read = (text: string) => attempt(() => parseAnswer({ status: 200, contentType: 'application/json', text }).size)
  t.equal(read(`{"a":[${'1,'.repeat(1_200_000)}1]}`), 'unknown-answer')
  t.equal(read(`{"a":[${'"123456789",'.repeat(1_200_000)}1]}`), 1)
})

t.test('ids are not looked for in texts that can be none', async (t) => {
  const tag = (key: string, value: string) =>
    verdictOf(judge(config, acc, requestTo('setTag', { run_id: inAcc.run(1), key, value }), tenancy))
  t.equal(tag('mlflow.parentRunId', `${' '.repeat(2_000)}${inAcc.run(1)}`), 'invalid-parameter')
  t.equal(tag('mlflow.parentRunId', 'x'.repeat(1_000)), 'allow')
  t.equal(tag('mlflow.prompt.associatedRunIds', ','.repeat(100_001)), 'invalid-parameter')
  t.equal(tag('mlflow.note.content', 'x'.repeat(4 * 1024 * 1024)), 'allow')
})
