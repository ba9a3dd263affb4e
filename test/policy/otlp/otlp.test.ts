import fc from 'fast-check'
import t from 'tap'
import type { JsonObject } from '../../../src/policy/messages/json/json.ts'
import { printJson } from '../../../src/policy/messages/json/json-text.ts'
import { readExport, readExportAnswer, writeExport, writeExportAnswer } from '../../../src/policy/otlp/export-message.ts'
import { readOtlpJson } from '../../../src/policy/otlp/otlp-json.ts'
import { readWire } from '../../../src/policy/otlp/read-wire.ts'
import { writeWire } from '../../../src/policy/otlp/write-wire.ts'
import { Refusal } from '../../../src/policy/reasons.ts'
import { showText, tryLaw } from '../../harness/law.ts'

const request = 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest'
const anyValue = 'opentelemetry.proto.common.v1.AnyValue'
const spanMessage = 'opentelemetry.proto.trace.v1.Span'
const headers = { experimentId: '7', runId: null }
const id = '0123456789abcdef0123456789abcdef'

function outcome(read: () => JsonObject): string {
  try {
    return printJson(read())
  } catch (error) {
    if (error instanceof Refusal) return error.reason
    throw error
  }
}

const bytes = (...values: number[]) => Uint8Array.from(values)

const hexes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((found) => Buffer.from(found).toString('hex'))
const ids = (length: number) => hexes(length).filter((text) => /[^0]/.test(text))
const texts = fc.string({ unit: 'grapheme' })
const values: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    texts.map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ intValue: String(value) })),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((doubleValue) => ({ doubleValue })),
    fc.constantFrom('NaN', 'Infinity', '-Infinity').map((doubleValue) => ({ doubleValue })),
    fc.uint8Array({ maxLength: 9 }).map((found) => ({ bytesValue: Buffer.from(found).toString('base64') })),
    fc.array(tie('value'), { maxLength: 3 }).map((list) => ({ arrayValue: { values: list } })),
    fc.array(fc.tuple(texts, tie('value')), { maxLength: 3 }).map((pairs) => ({
      kvlistValue: { values: pairs.map(([key, value]) => ({ key, value })) },
    })),
  ),
})).value
const spans = fc.record(
  {
    traceId: ids(16),
    spanId: ids(8),
    parentSpanId: ids(8),
    name: texts,
    kind: fc.nat(5),
    startTimeUnixNano: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    flags: fc.nat(),
    status: fc.record({ code: fc.nat(2), message: texts }),
    attributes: fc.array(fc.record({ key: texts, value: values }), { maxLength: 4 }),
    links: fc.array(fc.record({ traceId: ids(16), spanId: ids(8) }), { maxLength: 2 }),
  },
  { requiredKeys: ['traceId', 'spanId'] },
)

t.test('what is written is what was read, in either form, to the last bit', async (t) => {
  const law = tryLaw(
    fc.property(fc.array(spans, { maxLength: 3 }), (some) => {
      const text = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: some }] }] })
      const message = readOtlpJson(request, text)
      const again = readWire(request, writeWire(request, message))
      if (printJson(again) !== printJson(message)) throw new Error(`${printJson(message)} became ${printJson(again)}`)
    }),
    2_000,
  )
  t.equal(law, 'holds')
})

t.test('whatever the bytes are, they are read or refused, and once read they stay what they are', async (t) => {
  const read = (body: Uint8Array) => outcome(() => readWire(request, body))
  const law = tryLaw(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(spans, { maxLength: 2 }), fc.nat(), (noise, some, at) => {
      const good = writeWire(
        request,
        readOtlpJson(request, JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: some }] }] })),
      )
      const place = good.length === 0 ? 0 : at % good.length
      for (const body of [noise, Uint8Array.from([...good.subarray(0, place), ...noise, ...good.subarray(place)])]) {
        const found = read(body)
        if (!found.startsWith('{')) continue
        const written = writeWire(request, readWire(request, body))
        if (read(written) !== found) throw new Error(`${found} became ${read(written)}`)
      }
    }),
    2_000,
  )
  t.equal(law, 'holds')
})

// biome-ignore format: a table
const wire: [name: string, message: string, bytes: Uint8Array, outcome: string][] = [
  ['an id', spanMessage, bytes(10, 16, ...Array.from({ length: 16 }, (_, i) => i)), '{"trace_id":"tr-000102030405060708090a0b0c0d0e0f"}'],
  ['an id with a byte less', spanMessage, bytes(10, 15, ...Array.from({ length: 15 }, (_, i) => i + 1)), 'invalid-parameter'],
  ['an id with a byte more', spanMessage, bytes(10, 17, 0, ...Array.from({ length: 16 }, (_, i) => i)), 'invalid-parameter'],
  ['an id of zeros', spanMessage, bytes(18, 8, 0, 0, 0, 0, 0, 0, 0, 0), '{"span_id":"0000000000000000"}'],
  ['no parent', spanMessage, bytes(34, 0), '{"parent_span_id":""}'],
  ['an id twice: the last one counts', spanMessage, bytes(18, 8, 1, 1, 1, 1, 1, 1, 1, 1, 18, 8, 2, 2, 2, 2, 2, 2, 2, 2), '{"span_id":"0202020202020202"}'],
  ['two values of one: the last one counts', anyValue, bytes(10, 1, 97, 24, 5), '{"int_value":5}'],
  ['a text that is no UTF-8', anyValue, bytes(10, 1, 0xff), 'malformed'],
  ['a text in overlong UTF-8', anyValue, bytes(10, 2, 0xc1, 0xa1), 'malformed'],
  ['an unknown field', anyValue, bytes(10, 1, 97, 0xf8, 1, 5), '{"string_value":"a"}'],
  ['a known field in another frame', anyValue, bytes(8, 5, 24, 1), '{"int_value":1}'],
  ['a length beyond the end', anyValue, bytes(10, 9, 97), 'malformed'],
  ['a number without its end', anyValue, bytes(24, 255), 'malformed'],
  ['a group', anyValue, bytes(11, 12), '{}'],
  ['field 0', anyValue, bytes(0, 0), '{}'],
  ['minus zero', anyValue, bytes(33, 0, 0, 0, 0, 0, 0, 0, 0x80), '{"double_value":-0}'],
]

t.test('on the wire, ids have one length, and of what excludes each other the last counts', async (t) => {
  for (const [name, message, body, expected] of wire)
    t.equal(
      outcome(() => readWire(message, body)),
      expected,
      name,
    )
})

// biome-ignore format: a table
const json: [message: string, text: string, outcome: string][] = [
  [spanMessage, `{"traceId":"${id}"}`, `{"trace_id":"tr-${id}"}`],
  [spanMessage, `{"trace_id":"${id.toUpperCase()}"}`, `{"trace_id":"tr-${id}"}`],
  [spanMessage, `{"trace_id":"${id}","traceId":"${id}"}`, 'malformed'], [spanMessage, `{"traceId":"${id}","traceId":"${id}"}`, 'malformed'],
  [spanMessage, `{"traceId":"${id} "}`, 'invalid-parameter'], [spanMessage, `{"traceId":"tr-${id}"}`, 'invalid-parameter'], [spanMessage, '{"traceId":7}', 'invalid-parameter'],
  [spanMessage, '{"traceId":null,"spanId":""}', '{"span_id":""}'], [spanMessage, '{"kind":"SPAN_KIND_CLIENT"}', '{"kind":3}'], [spanMessage, '{"kind":3}', '{"kind":3}'],
  [spanMessage, '{"kind":"x"}', 'invalid-parameter'], [spanMessage, '{"tomorrow":{"a":1}}', '{}'], [spanMessage, '{"links":{}}', 'invalid-parameter'], [spanMessage, '{"links":["x"]}', 'invalid-parameter'],
  [anyValue, '{"intValue":"9223372036854775807"}', '{"int_value":9223372036854775807}'], [anyValue, '{"intValue":9223372036854775808}', 'invalid-parameter'], [anyValue, '{"intValue":1.5}', 'invalid-parameter'],
  [anyValue, '{"stringValue":"a","intValue":1}', 'malformed'], [anyValue, '{"bytesValue":"-_8"}', '{"bytes_value":"+/8="}'], [anyValue, '{"bytesValue":"a"}', 'invalid-parameter'],
  [anyValue, '[]', 'malformed'], [anyValue, '{', 'malformed'],
]

t.test('in JSON ids are hexadecimal, numbers exact, and fields of tomorrow left out', async (t) => {
  for (const [message, text, expected] of json)
    t.equal(
      outcome(() => readOtlpJson(message, text)),
      expected,
      showText(text),
    )
})

t.test('an export says where it goes, and every span of it whose it is', async (t) => {
  const say = (text: string) => outcome(() => readExport('json', new TextEncoder().encode(text), headers))
  const spans = (...some: object[]) => JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: some }] }] })
  const span = { traceId: id, spanId: id.slice(16) }
  const read = `{"resource_spans":[{"scope_spans":[{"spans":[{"trace_id":"tr-${id}","span_id":"${id.slice(16)}"}]}]}],"experiment_id":"7"}`
  t.equal(say(spans(span)), read)
  for (const lacking of [{ spanId: span.spanId }, { traceId: id }, { ...span, spanId: '' }, { ...span, traceId: '' }, {}])
    t.equal(say(spans(span, lacking)), 'unprocessable', JSON.stringify(lacking))
  t.equal(
    say('{"resourceSpans":[{"scopeSpans":[{"spans":[]}]},{}]}'),
    '{"resource_spans":[{"scope_spans":[{}]},{}],"experiment_id":"7"}',
  )
  const message = readExport('json', new TextEncoder().encode(spans(span)), { experimentId: '7', runId: 'x' })
  t.same(readWire(request, writeExport(message)), readOtlpJson(request, spans(span)), 'the headers are no part of the body')
})

t.test('an answer comes back in the form in which the spans came, with what MLflow refused of them', async (t) => {
  const partial = bytes(10, 6, 8, 3, 18, 2, 110, 111)
  const answer = readExportAnswer(partial)
  const text = (form: 'json' | 'protobuf', message: JsonObject) => Buffer.from(writeExportAnswer(form, message))
  t.equal(text('json', answer).toString(), '{"partialSuccess":{"rejectedSpans":3,"errorMessage":"no"}}')
  t.same([...text('protobuf', answer)], [...partial])
  t.equal(text('json', readExportAnswer(bytes())).toString(), '{}')
  t.equal(text('protobuf', readExportAnswer(bytes())).length, 0)
})
