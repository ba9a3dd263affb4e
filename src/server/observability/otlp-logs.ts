import { Agent, type Dispatcher, request } from 'undici'
import type { Outbound } from '../config/proxy-settings.ts'
import { readSecretFile } from '../config/secret-file.ts'
import { readBounded } from '../network/bounded-text.ts'
import { outboundConnector, throughProxy } from '../network/connector.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { Hopeless, type Outlet } from './log-outlet.ts'

const MiB = 1024 * 1024
const answerWithin = 5_000
const largestAnswer = 64 * 1024

/** A value as OTLP's JSON has it. */
function anyValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return typeof value === 'object' && value !== null ? { kvlistValue: { values: keyValues(value) } } : {}
}

function keyValues(fields: object): object[] {
  return Object.entries(fields).flatMap(([key, value]) => (value === null ? [] : [{ key, value: anyValue(value) }]))
}

/** A line of the log as a record: its fields are attributes. */
function recordOf(line: string): object {
  const { level, time, msg, ...fields }: Record<string, unknown> = JSON.parse(line)
  const { traceId } = fields
  return {
    timeUnixNano: `${String(time)}000000`,
    severityNumber: level === 30 ? 9 : 13,
    severityText: level === 30 ? 'INFO' : 'WARN',
    body: anyValue(msg),
    attributes: keyValues(fields),
    ...(typeof traceId === 'string' ? { traceId } : {}),
  }
}

/** Lines as one export of logs: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. */
function exportOf(text: string): string {
  const logRecords = text.split('\n').flatMap((line) => (line === '' ? [] : [recordOf(line)]))
  const resource = { attributes: keyValues({ 'service.name': 'mlflow-env-proxy' }) }
  return JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'mlflow-env-proxy.audit' }, logRecords }] }] })
}

/** Sends lines to an OpenTelemetry collector. OpenTelemetry's own library drops what it cannot send, and does not say so. */
export class OtlpLogs implements Outlet {
  readonly again = true
  readonly patient = true
  readonly most = { waiting: 16 * MiB, batch: MiB / 2, between: 200 } as const
  readonly #url: string
  readonly #tokenFile: string | undefined
  readonly #dispatcher: Dispatcher

  constructor({ url, tokenFile }: { readonly url: string; readonly tokenFile?: string }, outbound: Outbound | undefined) {
    this.#url = url
    this.#tokenFile = tokenFile
    const agent = new Agent({
      pipelining: 0,
      connect: outboundConnector(outbound, answerWithin),
      headersTimeout: answerWithin,
      bodyTimeout: answerWithin,
    })
    this.#dispatcher = throughProxy(agent, outbound)
  }

  async send(text: string): Promise<void> {
    const token = this.#tokenFile === undefined ? {} : { authorization: `Bearer ${readSecretFile(this.#tokenFile)}` }
    const headers = { 'content-type': 'application/json', ...token }
    const options = { method: 'POST' as const, headers, body: exportOf(text), dispatcher: this.#dispatcher }
    const { statusCode, body } = await request(this.#url, options).catch((error: unknown) => {
      throw new Error(describeNetworkError(error))
    })
    await readBounded(body, largestAnswer)
    const problem = `the collector answered with status ${statusCode}`
    if (statusCode === 400 || statusCode === 413) throw new Hopeless(problem)
    if (statusCode >= 300) throw new Error(problem)
  }

  /** Nothing can be sent without waiting. */
  sendNow(): void {}

  close(): Promise<void> {
    return this.#dispatcher.destroy()
  }
}
