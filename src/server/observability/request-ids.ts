import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** Long enough to be one of a kind, and shorter than any token. */
const idForm = /^[A-Za-z0-9][A-Za-z0-9._:=-]{15,63}$/
/** https://www.w3.org/TR/trace-context/#traceparent-header; zeros alone are no id. */
const parentForm = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/
/** https://www.w3.org/TR/trace-context/#tracestate-header; what programs besides this one say of the trace. */
const stateForm = /^[\x20-\x7e]{1,512}$/

/** What an `x-request-id` says, if it can be one. */
export function readRequestId(value: unknown): string | null {
  return typeof value === 'string' && idForm.test(value) ? value : null
}

/** The id of a request: the client's, so that it can be followed through all programs, or a new one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  return readRequestId(headers['x-request-id']) ?? randomUUID()
}

/** The trace id of a `traceparent`; null if there is none. */
export function traceIdOf({ traceparent }: IncomingHttpHeaders): string | null {
  return typeof traceparent === 'string' ? (parentForm.exec(traceparent)?.[1] ?? null) : null
}

/** The span that a request belongs to. */
export interface Parent {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
  readonly traceState: string | null
}

/** What `traceparent` and `tracestate` say; null if there is no trace. */
export function readParent({ traceparent, tracestate }: IncomingHttpHeaders): Parent | null {
  const [, traceId, spanId, flags] = (typeof traceparent === 'string' && parentForm.exec(traceparent)) || []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, traceState: readState(tracestate) }
}

function readState(tracestate: unknown): string | null {
  return typeof tracestate === 'string' && stateForm.test(tracestate) ? tracestate : null
}

/** The headers of a trace that go on. */
function passedTrace({ traceparent, tracestate }: IncomingHttpHeaders): Record<string, string> {
  if (typeof traceparent !== 'string' || !parentForm.test(traceparent)) return {}
  const state = readState(tracestate)
  return state === null ? { traceparent } : { traceparent, tracestate: state }
}

/** The ids that a client gave a request, to go on to the upstream; undefined: none. */
export function passedIds(headers: IncomingHttpHeaders): Readonly<Record<string, string>> | undefined {
  const { 'x-request-id': id, traceparent } = headers
  if (id === undefined && traceparent === undefined) return undefined
  return {
    ...(typeof id === 'string' && idForm.test(id) ? { 'x-request-id': id } : {}),
    ...passedTrace(headers),
  }
}
