// Decodes and judges heavy bodies in a process of its own, whose memory is limited from outside: `node --expose-gc --max-old-space-size=… weigh-bodies.ts [name]`.

import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { decodeRequest } from '../../src/policy/messages/decode-request.ts'
import { readExport } from '../../src/policy/otlp/export-message.ts'
import { Refusal } from '../../src/policy/reasons.ts'
import { upstreamRequest } from '../../src/rewrite/request/upstream-request.ts'
import { judge } from '../fakes/fake-fact-source.ts'
import { type HeavyBody, heavyBodies } from '../fixtures/heavy-bodies.ts'
import { acc, config, tenancy } from '../fixtures/tenancy.ts'
import { forgetPeak, memory } from './process-memory.ts'

function decode(endpoint: OpenEndpoint, body: Buffer) {
  if (endpoint.body === 'otlp')
    return readExport(body[0] === 0x7b ? 'json' : 'protobuf', body, { experimentId: '1', runId: null })
  const raw = { method: endpoint.method, rawQuery: '', body, contentType: 'application/json', pathParams: new Map() }
  return decodeRequest(endpoint, raw, { unknownFields: 'refuse' })
}

/** What becomes of a request: it is refused, or written anew. */
function outcomeOf(endpoint: OpenEndpoint, body: Buffer): string {
  try {
    const message = decode(endpoint, body)
    const { decision } = judge(config, acc, { endpointName: endpoint.name, endpoint, message }, tenancy)
    if ('deny' in decision) throw decision.deny
    const { body: sent } = upstreamRequest(decision.allow)
    return `allowed, ${sent?.length ?? 0} characters`
  } catch (error) {
    if (error instanceof Refusal) return `${error.reason}: ${error.message}`
    throw error
  }
}

function weigh({ name, endpoint: endpointName, body }: HeavyBody): void {
  const endpoint = endpointTable('mlflow').open.get(endpointName)
  if (endpoint === undefined) throw new Error(`there is no endpoint ${endpointName}`)
  const bytes = body()
  forgetPeak()
  const before = memory('VmRSS')
  const started = process.cpuUsage()
  const outcome = outcomeOf(endpoint, bytes).slice(0, 160)
  const ms = Math.round(process.cpuUsage(started).user / 1000)
  console.log(JSON.stringify({ name, outcome, ms, grownMiB: memory('VmHWM') - before }))
}

const [, , only] = process.argv
for (const heavy of heavyBodies) if (only === undefined || only === heavy.name) weigh(heavy)
