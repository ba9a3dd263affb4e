import { once } from 'node:events'
import { request } from 'node:http'
import t from 'tap'
import { findOtelCollector } from '../../scripts/setup/otel-collector.mjs'
import { startHop } from '../fakes/hop.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { startOtelCollector } from '../harness/otel-collector.ts'
import { startProxyProcess } from '../harness/proxy-process.ts'

const command = findOtelCollector()
const skip = command === null ? 'no collector: OTEL_COLLECTOR=build builds it, which takes minutes' : false

const traceOf = (number: number) => `a${number.toString(16).padStart(31, '0')}`
const clientSpan = 'b'.repeat(16)
const parentOf = (number: number) => `00-${traceOf(number)}-${clientSpan}-01`

t.test(
  'two workers before a real MLflow: every trace is whole in a real collector, also of the last requests',
  { skip },
  async (t) => {
    t.setTimeout(180_000)
    const [collector, issuer, mlflow] = await Promise.all([
      startOtelCollector(command ?? ''),
      startIssuer(),
      startMlflow({ version: '3.18.0' }),
    ])
    const hop = await startHop(mlflow.url)
    const settings = { workers: 2, tracing: { endpoint: collector.endpoint, sampleRatio: 0 } }
    const proxy = await startProxyProcess({ upstream: hop.url, issuer, settings })
    t.teardown(async () => {
      await proxy.close()
      await hop.close()
      await Promise.all([mlflow.close(), issuer.close(), collector.close()])
    })
    const authorization = `Bearer ${await issuer.token()}`

    /** Over a connection of its own, so that either worker may get it. */
    async function ask(number: number): Promise<number | undefined> {
      const { hostname, port } = new URL(proxy.url)
      const [method, path, body] =
        number % 4 === 0
          ? ['POST', '/api/2.0/mlflow/runs/create', '{"experiment_id":"0"}']
          : ['GET', '/api/2.0/mlflow/experiments/get?experiment_id=0', '']
      const headers = { authorization, traceparent: parentOf(number), 'content-type': 'application/json' }
      const asked = request({ hostname, port, method, path, headers, agent: false }).end(body)
      const [answer] = await once(asked, 'response')
      answer.resume()
      await once(answer, 'end')
      return answer.statusCode
    }

    const count = 200
    t.equal(await ask(0), 200)
    hop.take()
    for (let first = 1; first <= count; first += 8) {
      const statuses = await Promise.all(Array.from({ length: Math.min(8, count + 1 - first) }, (_, index) => ask(first + index)))
      t.ok(statuses.every((status) => status === 200))
    }
    // At once: the last spans are still in the batches of the workers.
    proxy.signal('SIGTERM')
    t.equal(await proxy.ended, 0)
    const heard = hop.take().map(({ rawHeaders }) => {
      const at = rawHeaders.findIndex((name) => name.toLowerCase() === 'traceparent')
      return at < 0 ? '' : (rawHeaders[at + 1] ?? '')
    })
    const spans = await collector.close()

    t.equal(new Set(spans.map(({ instance }) => instance)).size, 2, 'both workers sent spans')
    t.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length, 'each span came once')
    for (let number = 1; number <= count; number++) {
      const trace = spans.filter(({ traceId }) => traceId === traceOf(number))
      const [root, ...others] = trace.filter(({ parentSpanId }) => parentSpanId === clientSpan)
      t.same(others, [], 'one span is the child of the client’s')
      t.match(root, { name: /^(GET getExperiment|POST createRun)$/ }, `trace ${number}`)
      const inner = trace.filter(({ parentSpanId }) => parentSpanId === root?.spanId)
      t.equal(inner.length, trace.length - 1, 'the rest are children of it')
      t.equal(inner.filter(({ name }) => name === 'MLflow message').length, 1)
      const upstream = heard.filter((header) => header === `00-${traceOf(number)}-${root?.spanId}-01`)
      t.equal(upstream.length, inner.length, 'MLflow got each of them as a part of the trace')
      t.ok(trace.every(({ instance }) => instance === root?.instance))
    }
  },
)
