import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base'
import type { FastifyReply, FastifyRequest } from 'fastify'
import packageFile from '../../../package.json' with { type: 'json' }
import type { TracingSettings } from '../config/tracing-settings.ts'
import { readParent } from './request-ids.ts'
import type { TracedRequest, Tracing } from './tracing.ts'

/** How a request's own attributes are called. */
const prefix = 'mlflow_env_proxy'

function contextOf(headers: Parameters<typeof readParent>[0]): Context {
  const parent = readParent(headers)
  if (parent === null) return ROOT_CONTEXT
  const { traceId, spanId, traceFlags, traceState } = parent
  const state = traceState === null ? {} : { traceState: createTraceState(traceState) }
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true, ...state })
}

function parentHeader({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

/** What is known of a request when its answer has ended: no address and no name, which could tell more than the audit may. */
function finish(span: Span, { id, method, auditRecord }: FastifyRequest, { statusCode, raw }: FastifyReply): void {
  const { endpoint, environment, decision, reason, upstreamStatus } = auditRecord
  span.updateName(`${method} ${endpoint}`)
  span.setAttributes({
    'http.request.method': method,
    'http.response.status_code': statusCode,
    [`${prefix}.request_id`]: id,
    [`${prefix}.endpoint`]: endpoint,
    [`${prefix}.decision`]: decision,
    [`${prefix}.complete`]: raw.writableFinished,
  })
  if (environment !== null) span.setAttribute(`${prefix}.environment`, environment.name)
  if (reason !== null) span.setAttribute(`${prefix}.reason`, reason)
  if (upstreamStatus !== null) span.setAttribute(`${prefix}.upstream_status`, upstreamStatus)
  if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}

function begin(tracer: Tracer, { raw: { headers } }: FastifyRequest): TracedRequest {
  const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, contextOf(headers))
  // Whoever reads the header from now on means this span.
  headers.traceparent = parentHeader(span.spanContext())
  return { end: (request, reply) => finish(span, request, reply) }
}

function addExchange(tracer: Tracer, ...[purpose, status, milliseconds, ids]: Parameters<Tracing['noteExchange']>): void {
  if (ids?.traceparent === undefined) return
  const endTime = Date.now()
  const options = { kind: SpanKind.CLIENT, startTime: endTime - milliseconds, attributes: { [`${prefix}.purpose`]: purpose } }
  const span = tracer.startSpan(`MLflow ${purpose}`, options, contextOf(ids))
  if (status !== null) span.setAttribute('http.response.status_code', status)
  if (status === null || status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end(endTime)
}

/** Opens tracing. OpenTelemetry's variables count for what is not configured; `caFile` holds certificate authorities of the collector. */
export function openTracing({ endpoint, sampleRatio }: TracingSettings, caFile: string | null): Tracing {
  // One of `serve --workers` is an instance, too.
  const own = {
    'service.name': 'mlflow-env-proxy',
    'service.version': packageFile.version,
    'service.instance.id': randomUUID(),
  }
  const resource = defaultResource()
    .merge(resourceFromAttributes(own))
    .merge(detectResources({ detectors: [envDetector] }))
  const exporter = new OTLPTraceExporter({
    ...(endpoint === undefined ? {} : { url: endpoint }),
    ...(caFile === null ? {} : { httpAgentOptions: { ca: readFileSync(caFile) } }),
  })
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(exporter)],
    ...(sampleRatio === undefined
      ? {}
      : { sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }) }),
  })
  const tracer = provider.getTracer('mlflow-env-proxy', packageFile.version)
  return {
    begin: (request) => begin(tracer, request),
    noteExchange: (...exchange) => addExchange(tracer, ...exchange),
    end: () => provider.shutdown().catch(() => undefined),
  }
}
