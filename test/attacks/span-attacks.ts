import { randomBytes } from 'node:crypto'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { readOtlpJson } from '../../src/policy/otlp/otlp-json.ts'
import { writeWire } from '../../src/policy/otlp/write-wire.ts'
import { type AttackSetup, askUpstream } from './attack-setup.ts'

/** One export of spans, and what must come of it. */
export interface SpanAttempt {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly query?: string
  readonly status: number
  /** Traces that must then be in acc's experiment. */
  readonly made?: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>

const request = 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest'
const hex = (bytes: number) => randomBytes(bytes).toString('hex')
const attribute = (key: string, text: string) => ({ key, value: { stringValue: text } })

const span = (traceId: string, more: Fields = {}) => ({
  ...{
    traceId,
    spanId: hex(8),
    name: 'x',
    kind: 2,
    startTimeUnixNano: '1700000000000000000',
    endTimeUnixNano: '1700000000000000001',
  },
  ...more,
})

const say = (spans: readonly object[], attributes: readonly object[] = [attribute('service.name', 'x')]) =>
  JSON.stringify({ resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: { name: 's' }, spans }] }] })

const asProtobuf = (text: string) => writeWire(request, readOtlpJson(request, text))
const types = { protobuf: 'application/x-protobuf', json: 'application/json; charset=utf-8' }

/** A protobuf field that holds bytes. */
function framed(id: number, bytes: Uint8Array): Buffer {
  const length: number[] = []
  for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      length.push(rest)
      break
    }
    length.push((rest % 128) + 128)
  }
  return Buffer.concat([Buffer.from([(id << 3) | 2, ...length]), bytes])
}

/** A span of the wire, with a trace id of any length. */
const wireSpan = (traceId: Uint8Array, spanId: Uint8Array) =>
  framed(1, framed(2, framed(2, Buffer.concat([framed(1, traceId), framed(2, spanId), framed(5, Buffer.from('x'))]))))

/** What is refused, said in the protocol's JSON. */
function refusedTexts(words: Readonly<Record<string, string>>): [name: string, text: string, status: number][] {
  const foreign = (words.tr_prod ?? '').slice(3)
  const own = (words.tr_acc ?? '').slice(3)
  const tag = (key: string, value: string) => say([span(hex(16), { attributes: [attribute(key, value)] })])
  return [
    ["prod's trace", say([span(foreign)]), 404],
    ["prod's trace in capitals", say([span(foreign.toUpperCase())]), 404],
    ["prod's trace behind own ones", say([span(hex(16)), span(own), span(foreign)]), 404],
    ["a child of prod's trace", say([span(foreign, { parentSpanId: hex(8) })]), 404],
    ["a link to prod's trace", say([span(hex(16), { links: [{ traceId: foreign, spanId: hex(8) }] })]), 404],
    ["prod's trace as the gateway's", tag('mlflow.gateway.linkedTraceId', words.tr_prod ?? ''), 404],
    ["prod's run in an attribute", tag('mlflow.sourceRun', JSON.stringify(words.run_prod)), 404],
    ["prod's run in a tag", tag('mlflow.traceTag.mlflow.sourceRun', words.run_prod ?? ''), 404],
    ["prod's model in a tag", tag('mlflow.traceTag.mlflow.modelId', words.lm_prod ?? ''), 404],
    ["prod's prompt in a tag", tag('mlflow.traceTag.mlflow.linkedPrompts', `[{"name":"${words.m_prod}"}]`), 403],
    ["prod's artifacts by a tag", tag('mlflow.traceTag.mlflow.artifactLocation', words.uri_prod ?? ''), 400],
    ["prod's artifacts by a tag in capitals", tag('mlflow.traceTag.MLflow.ArtifactLocation', words.uri_prod ?? ''), 400],
    ["prod's artifacts by a resource", say([span(hex(16))], [attribute('MLFLOW.artifactLocation', words.uri_prod ?? '')]), 400],
    ['an archive by a tag', tag('mlflow.traceTag.mlflow.trace.spansLocation', 'ARCHIVE_REPO'), 400],
    ['a short trace id', say([span(foreign.slice(2))]), 400],
    ['a long trace id', say([span(`00${foreign}`)]), 400],
    ['a trace id with a space', say([span(`${foreign} `)]), 400],
    ['a trace id in base64', say([span(Buffer.from(foreign, 'hex').toString('base64'))]), 400],
    ['no trace id', say([span('')]), 422],
    ['no span id', say([span(hex(16), { spanId: '' })]), 422],
    ['no spans', '{"resourceSpans":[]}', 400],
  ]
}

function refusedForms(headers: Readonly<Record<string, string>>): SpanAttempt[] {
  const good = say([span(hex(16))])
  const protobuf = { ...headers, 'content-type': types.protobuf }
  const json = { ...headers, 'content-type': types.json }
  const bomb = gzipSync(Buffer.alloc(64 << 20))
  const many = framed(
    1,
    framed(2, framed(2, Buffer.concat(Array.from({ length: 250_000 }, () => Buffer.from([(9 << 3) | 2, 0]))))),
  )
  const deep = Array.from({ length: 60 }).reduce<Buffer>((inner) => framed(5, framed(1, inner)), Buffer.alloc(0))
  const nested = framed(1, framed(2, framed(2, framed(9, Buffer.concat([framed(1, Buffer.from('k')), framed(2, deep)])))))
  const twice = good.replace('"traceId"', `"trace_id":"${hex(16)}","traceId"`)
  const ids = (bytes: number) => wireSpan(randomBytes(bytes), randomBytes(8))
  return [
    { name: 'a bomb of gzip', headers: { ...protobuf, 'content-encoding': 'gzip' }, body: bomb, status: 413 },
    { name: 'a bomb of values', headers: protobuf, body: many, status: 413 },
    { name: 'attributes in attributes', headers: protobuf, body: nested, status: 400 },
    { name: 'broken gzip', headers: { ...protobuf, 'content-encoding': 'gzip' }, body: bomb.subarray(0, 1000), status: 400 },
    { name: 'no gzip at all', headers: { ...json, 'content-encoding': 'gzip' }, body: Buffer.from(good), status: 400 },
    { name: 'gzip in gzip', headers: { ...json, 'content-encoding': 'gzip, gzip' }, body: gzipSync(gzipSync(good)), status: 400 },
    { name: 'another coding', headers: { ...json, 'content-encoding': 'br' }, body: Buffer.from(good), status: 400 },
    { name: 'no protobuf', headers: protobuf, body: Buffer.from(good), status: 400 },
    { name: 'half a protobuf', headers: protobuf, body: asProtobuf(good).subarray(0, 40), status: 400 },
    { name: 'no JSON', headers: json, body: asProtobuf(good), status: 400 },
    { name: 'one id in two spellings', headers: json, body: Buffer.from(twice), status: 400 },
    {
      name: 'a key twice',
      headers: json,
      body: Buffer.from(good.replace('"traceId"', `"traceId":"${hex(16)}","traceId"`)),
      status: 400,
    },
    { name: 'a trace id of 15 bytes', headers: protobuf, body: ids(15), status: 400 },
    { name: 'a trace id of 17 bytes', headers: protobuf, body: ids(17), status: 400 },
    { name: 'a type that is none', headers: { ...headers, 'content-type': 'text/plain' }, body: Buffer.from(good), status: 400 },
    { name: 'a query', headers: json, body: Buffer.from(good), query: '?x=1', status: 400 },
  ]
}

/** Exports that put a span where it does not belong, or that two readers could read differently; and honest ones. */
export function spanAttempts(words: Readonly<Record<string, string>>): SpanAttempt[] {
  const headers = { 'x-mlflow-experiment-id': words.exp_acc ?? '' }
  const good = say([span(hex(16))])
  const refused = refusedTexts(words).flatMap(([name, text, status]): SpanAttempt[] => {
    const json = { ...headers, 'content-type': types.json }
    const attempts: SpanAttempt[] = [
      { name: `${name}, in JSON`, headers: json, body: Buffer.from(text), status },
      { name: `${name}, in gzipped JSON`, headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync(text), status },
    ]
    if (status === 400 && !name.includes('artifacts')) return attempts
    const protobuf = { ...headers, 'content-type': types.protobuf }
    const body = asProtobuf(text)
    return [
      ...attempts,
      { name: `${name}, in protobuf`, headers: protobuf, body, status },
      {
        name: `${name}, in gzipped protobuf`,
        headers: { ...protobuf, 'content-encoding': 'GZIP' },
        body: gzipSync(body),
        status,
      },
      { name: `${name}, deflated`, headers: { ...protobuf, 'content-encoding': 'deflate' }, body: deflateSync(body), status },
      {
        name: `${name}, deflated raw`,
        headers: { ...protobuf, 'content-encoding': 'deflate' },
        body: deflateRawSync(body),
        status,
      },
    ]
  })
  const places: [string, Record<string, string>, number][] = [
    ["prod's experiment", { 'x-mlflow-experiment-id': words.exp_prod ?? '' }, 404],
    ['no experiment', {}, 422],
    ['an experiment written oddly', { 'x-mlflow-experiment-id': `0${words.exp_acc}` }, 400],
    ['two experiments', { 'x-mlflow-experiment-id': `${words.exp_acc}, ${words.exp_prod}` }, 400],
    ["prod's run", { ...headers, 'x-mlflow-run-id': words.run_prod ?? '' }, 404],
  ]
  return [
    ...refused,
    ...refusedForms(headers),
    ...places.map(([name, where, status]) => ({
      name,
      headers: { ...where, 'content-type': types.json },
      body: Buffer.from(good),
      status,
    })),
    ...honest(headers, words),
  ]
}

function honest(headers: Readonly<Record<string, string>>, words: Readonly<Record<string, string>>): SpanAttempt[] {
  const ids = [hex(16), hex(16), hex(16), hex(16)] as const
  const json = { ...headers, 'content-type': types.json }
  const protobuf = { ...headers, 'content-type': types.protobuf, 'X-MLFLOW-WORKSPACE': 'other' }
  const made = (id: string) => [`tr-${id}`]
  const linked = say([span(ids[2], { links: [{ traceId: hex(16), spanId: hex(8) }], futureField: { a: 1 } }), span(ids[0])])
  return [
    { name: 'own spans in JSON', headers: json, body: Buffer.from(say([span(ids[0])])), status: 200, made: made(ids[0]) },
    { name: 'own spans in protobuf', headers: protobuf, body: asProtobuf(say([span(ids[1])])), status: 200, made: made(ids[1]) },
    {
      name: 'spans of an own trace, a link to nowhere and a field of tomorrow, gzipped',
      headers: { ...json, 'content-encoding': 'gzip' },
      body: gzipSync(linked),
      status: 200,
      made: made(ids[2]),
    },
    {
      name: 'spans of an own run',
      headers: { ...protobuf, 'x-mlflow-run-id': words.run2_acc ?? '' },
      body: asProtobuf(say([span(ids[3])])),
      status: 200,
      made: made(ids[3]),
    },
  ]
}

/** Exports the spans as acc's caller. Gives all that is wrong. */
export async function trySpans({ proxy, hop, tokens, upstream, seeds }: AttackSetup, attempt: SpanAttempt): Promise<string[]> {
  hop.take()
  const headers = { ...attempt.headers, authorization: `Bearer ${tokens.acc}` }
  const {
    status,
    headers: answered,
    body,
  } = await exported(`${proxy.url}/v1/traces${attempt.query ?? ''}`, headers, attempt.body)
  const heard = hop.take()
  const problems = status === attempt.status ? [] : [`answered ${status} ${body}`]
  const sent = heard.filter(({ target }) => target.startsWith('/v1/traces'))
  if (attempt.status !== 200 && sent.length > 0) problems.push('MLflow got the spans')
  if (attempt.status !== 200) return problems
  if (answered.get('content-type')?.split(';')[0] !== attempt.headers['content-type']?.split(';')[0])
    problems.push('in another form')
  if (JSON.stringify(sent).toLowerCase().includes('x-mlflow-workspace')) problems.push('the workspace was passed on')
  for (const id of attempt.made ?? []) {
    const found = JSON.stringify(await askUpstream(upstream.url, 'GET', `/api/3.0/mlflow/traces/${id}`))
    if (!found.includes(`"experiment_id":"${seeds.acc.experiment}"`)) problems.push(`${id} is not where it belongs: ${found}`)
  }
  return problems
}

async function exported(url: string, headers: Record<string, string>, body: Uint8Array) {
  const response = await fetch(url, { method: 'POST', headers, body: Buffer.from(body) })
  return { status: response.status, headers: response.headers, body: await response.text() }
}
