import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { listen } from './listen.ts'
import { freePort, startProgram } from './program.ts'

/** A span as the collector passed it on. */
export interface CollectedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  /** `service.instance.id` of its resource. */
  readonly instance: string
}

interface Exported {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] }
    scopeSpans: { spans: Omit<CollectedSpan, 'instance'>[] }[]
  }[]
}

function spansIn(body: string): CollectedSpan[] {
  const { resourceSpans }: Exported = JSON.parse(body)
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const instance = resource.attributes.find(({ key }) => key === 'service.instance.id')?.value.stringValue ?? ''
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, instance })))
  })
}

/** A real collector (`command`) that takes spans by OTLP over HTTP. */
export async function startOtelCollector(command: string) {
  const passed: string[] = []
  const sink = createServer(async (request, response) => {
    passed.push(await text(request))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  const [port, sinkPort] = [await freePort(), await listen(sink)]
  const folder = mkdtempSync(join(tmpdir(), 'collector-'))
  const file = join(folder, 'collector.yaml')
  const onward = { endpoint: `http://127.0.0.1:${sinkPort}`, encoding: 'json', compression: 'none' }
  const configuration = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: { otlphttp: onward },
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: { traces: { receivers: ['otlp'], exporters: ['otlphttp'] } },
    },
  }
  writeFileSync(file, stringify(configuration))
  const program = startProgram(command, ['--config', file], { env: { PATH: process.env.PATH } })
  for (let tries = 0; tries < 200 && !program.logs().includes('Everything is ready'); tries++) await sleep(100)
  if (!program.logs().includes('Everything is ready')) throw new Error(`the collector did not start:\n${program.logs()}`)
  return {
    endpoint: `http://127.0.0.1:${port}/v1/traces`,
    logs: () => program.logs(),
    /** Ends it, after which it has passed on everything that it took: all spans. */
    async close(): Promise<CollectedSpan[]> {
      await program.close(10_000)
      sink.close()
      return passed.flatMap(spansIn)
    },
  }
}
