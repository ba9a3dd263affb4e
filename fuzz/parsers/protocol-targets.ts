import { readPrincipal } from '../../src/policy/identity/claims.ts'
import { printJson } from '../../src/policy/messages/json/json-text.ts'
import { readExport, writeExport } from '../../src/policy/otlp/export-message.ts'
import { readOtlpJson } from '../../src/policy/otlp/otlp-json.ts'
import { readWire } from '../../src/policy/otlp/read-wire.ts'
import { writeWire } from '../../src/policy/otlp/write-wire.ts'
import { readBearerToken, readKeyId, readTokenJson } from '../../src/server/auth/compact-token.ts'
import { PageTokens } from '../../src/server/pipeline/page-tokens.ts'
import type { Target } from './guided.ts'
import { equal, read } from './properties.ts'

const exportName = 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest'
const spans = JSON.stringify({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'x' } }] },
      scopeSpans: [
        {
          spans: [
            {
              ...{ traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', name: 'x', kind: 2 },
              ...{ startTimeUnixNano: '1544712660000000000', status: { code: 1 }, flags: 257 },
              attributes: [{ key: 'a', value: { arrayValue: { values: [{ intValue: '-5' }, { bytesValue: 'eA==' }] } } }],
            },
          ],
        },
      ],
    },
  ],
})

const otlpJson: Target = {
  name: 'otlp-json',
  seeds: [spans, '{"resource_spans":[{"scope_spans":[{"spans":[{"name":"x","links":[{}]}]}]}]}'],
  words: ['"stringValue":', '"doubleValue":"NaN"', '"bytesValue":"', '"kvlistValue":{"values":[', '"events":[', '===='],
  check: (input) => {
    const message = read(() => readOtlpJson(exportName, input.toString('utf8')))
    if (message === undefined) return
    const wire = writeWire(exportName, message)
    const again = writeWire(exportName, readWire(exportName, wire))
    equal(Buffer.from(again).toString('hex'), Buffer.from(wire).toString('hex'), 'JSON and wire say different things')
    read(() => readExport('json', input, { experimentId: '1', runId: null }))
  },
}

const otlpWire: Target = {
  name: 'otlp-wire',
  seeds: [writeWire(exportName, readOtlpJson(exportName, spans))],
  check: (input) => {
    const message = read(() => readWire(exportName, input))
    if (message === undefined) return
    const again = readWire(exportName, writeWire(exportName, message))
    equal(printJson(again), printJson(message), 'writing and reading it again changes it')
    const exported = read(() => readExport('protobuf', input, { experimentId: '1', runId: null }))
    if (exported !== undefined) writeExport(exported)
  },
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const tenantId = '11111111-2222-3333-4444-555555555555'
const expectation = { tenantId, audiences: ['api://x'], authority: 'https://login.microsoftonline.com' }
const claims = {
  ...{ iss: `${expectation.authority}/${tenantId}/v2.0`, aud: 'api://x', tid: tenantId, ver: '2.0', idtyp: 'app' },
  ...{
    oid: '00000000-0000-4000-8000-0123456789ab',
    sub: 'x',
    iat: 1_000_000,
    nbf: 1_000_000,
    exp: 1_003_600,
    roles: ['apps_acc'],
  },
}

const token: Target = {
  name: 'token',
  seeds: [`Bearer ${part({ alg: 'RS256', typ: 'JWT', kid: 'k' })}.${part(claims)}.AAAA`, 'Basic eDp5', JSON.stringify(claims)],
  check: (input) => {
    const bearer = read(() => readBearerToken([input.toString('latin1')]))
    const kid = bearer === undefined ? undefined : read(() => readKeyId(bearer, ['RS256', 'ES256']))
    const payload = kid === undefined ? input : Buffer.from(bearer?.split('.')[1] ?? '', 'base64url')
    const json = read(() => readTokenJson(payload))
    const found = json === undefined ? undefined : read(() => readPrincipal(json, expectation, 1_000_100))
    if (found !== undefined) equal(found.principal.tenantId.toLowerCase(), tenantId, 'a principal of another tenant')
  },
}

const pageTokens = new PageTokens(Buffer.alloc(32, 7))
const sealed = pageTokens.seal({ token: 'upstream', skip: 3 }, 'acc')

const pageToken: Target = {
  name: 'page-token',
  seeds: [sealed, '', 'eyJvZmZzZXQiOjF9'],
  check: (input) => {
    const text = input.toString('utf8')
    equal(
      read(() => pageTokens.open(text, 'prod')),
      undefined,
      'a token opens for somebody else',
    )
    const state = read(() => pageTokens.open(text, 'acc'))
    if (state !== undefined) equal(JSON.stringify(state), '{"token":"upstream","skip":3}', 'a token that nobody made opens')
  },
}

/** Parsers of binary and line protocols. */
export const protocolTargets: readonly Target[] = [otlpJson, otlpWire, token, pageToken]
