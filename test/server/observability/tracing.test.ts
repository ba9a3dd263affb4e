import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { reply, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { listen } from '../../harness/listen.ts'
import { startProxyProcess } from '../../harness/proxy-process.ts'

interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly traceState: string | undefined
  readonly kind: number
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

const taken: string[] = []
const collector = createServer(async (request, response) => {
  taken.push(await text(request))
  response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end('{}')
})
const [issuer, upstream, port] = await Promise.all([startIssuer(), startFakeUpstream(), listen(collector)])
upstream.answer = reply(200, { runs: [] })
const proxy = await startProxyProcess({
  upstream: upstream.url,
  issuer,
  settings: { tracing: { endpoint: `http://127.0.0.1:${port}/v1/traces`, sampleRatio: 1 } },
})
t.teardown(async () => {
  await proxy.close()
  collector.close()
  await Promise.all([upstream.close(), issuer.close()])
})
const token = await issuer.token({ roles: ['apps_acc'] })

async function search(more: Readonly<Record<string, string>>, path = '/api/2.0/mlflow/runs/search'): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...more }
  const answer = await fetch(`${proxy.url}${path}`, { method: 'POST', headers, body: '{"experiment_ids":["7"]}' })
  await answer.text()
  return answer.headers.get('x-request-id') ?? ''
}

/** A value of OTLP's JSON. */
const textOf = (value: object) => Object.values(value)[0]

function readSpans(): { spans: Span[]; resource: Record<string, string> } {
  const exports = taken.flatMap((body) => JSON.parse(body).resourceSpans)
  const attributesOf = (list: { key: string; value: object }[]) =>
    Object.fromEntries(list.map(({ key, value }) => [key, textOf(value)]))
  const spans = exports
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap((scope) => scope.spans)
    .map((span) => ({ ...span, attributes: attributesOf(span.attributes) }))
  return { spans, resource: attributesOf(exports[0].resource.attributes) }
}

/** What MLflow got last of callers: the count of what is nobody's comes some seconds after the start. */
const lastSearch = () => upstream.received.findLast(({ url }) => url.startsWith('/api/2.0/mlflow/runs/search'))

function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  return rawHeaders[rawHeaders.findIndex((each) => each.toLowerCase() === name) + 1]
}

t.test('a trace goes through the proxy: its spans, the audit and MLflow have one id', async (t) => {
  const traceId = 'a'.repeat(32)
  const tracestate = 'vendor=1,other=x'
  const first = await search({ traceparent: `00-${traceId}-${'b'.repeat(16)}-01`, tracestate })
  const { rawHeaders = [] } = lastSearch() ?? {}
  const fresh = await search({})
  const unsampled = await search({ traceparent: `00-${'c'.repeat(32)}-${'b'.repeat(16)}-00` })
  const quiet = lastSearch()?.rawHeaders ?? []
  const refused = await search({}, '/env/prod/api/2.0/mlflow/runs/search')
  proxy.signal('SIGTERM')
  await proxy.ended
  const { spans, resource } = readSpans()
  t.match(resource, { 'service.name': 'mlflow-env-proxy', 'service.version': /^\d/ })
  const of = (id: string) => spans.find((span) => span.attributes['mlflow_env_proxy.request_id'] === id)

  const request = of(first)
  t.match(request, { name: 'POST searchRuns', kind: 2, traceId, parentSpanId: 'b'.repeat(16), traceState: tracestate })
  t.match(request?.attributes, {
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'mlflow_env_proxy.endpoint': 'searchRuns',
    'mlflow_env_proxy.environment': 'acc',
    'mlflow_env_proxy.decision': 'allow',
  })
  const inner = spans.filter(({ parentSpanId }) => parentSpanId === request?.spanId)
  t.strictSame(new Set(inner.map(({ name }) => name)), new Set(['MLflow look-up', 'MLflow message']))
  t.ok(inner.every((span) => span.traceId === traceId && span.kind === 3))
  t.equal(headerOf(rawHeaders, 'traceparent'), `00-${traceId}-${request?.spanId}-01`)
  t.equal(headerOf(rawHeaders, 'tracestate'), tracestate)

  const lines = new Map(proxy.lines().flatMap((line) => (line.audit === true ? [[line.requestId, line.traceId]] : [])))
  t.equal(lines.get(first), traceId)
  t.equal(lines.get(fresh), of(fresh)?.traceId, 'a request without a trace begins one')
  t.equal(of(unsampled), undefined, 'whether a trace is sampled is for its caller to say')
  t.match(headerOf(quiet, 'traceparent'), /^00-c{32}-[0-9a-f]{16}-00$/)
  t.match(of(refused)?.attributes, {
    'mlflow_env_proxy.decision': 'deny',
    'mlflow_env_proxy.reason': 'environment-not-allowed',
    'http.response.status_code': 403,
  })
  t.notMatch(taken.join(), token)
})
