import { isExperimentId } from './ids.ts'
import { Refusal } from './reasons.ts'

const escaped = /%[0-9a-fA-F]{2}/
const utf8 = new TextDecoder('utf-8', { fatal: true })

function decodeOnce(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const out: number[] = []
  for (let i = 0; i < bytes.length; i++) {
    const hex = bytes[i] === 0x25 ? String.fromCharCode(bytes[i + 1] ?? 0, bytes[i + 2] ?? 0) : ''
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      out.push(Number.parseInt(hex, 16))
      i += 2
    } else out.push(bytes[i] ?? 0)
  }
  try {
    return utf8.decode(new Uint8Array(out))
  } catch {
    throw new Refusal('invalid-parameter', 'Invalid path: it is not valid UTF-8 after percent-decoding.')
  }
}

/**
 * An artifact path as MLflow will read it: percent-decoded until it stops changing, as its server does.
 * Throws `invalid-parameter` for dot segments, empty segments, backslashes and control characters. A trailing slash is dropped.
 */
export function canonicalPath(path: string): string {
  let text = path
  for (let rounds = 0; escaped.test(text); rounds++) {
    if (rounds === 8) throw new Refusal('invalid-parameter', 'Invalid path: it is percent-encoded too many times.')
    const next = decodeOnce(text)
    if (next === text) break
    text = next
  }
  const trimmed = text.endsWith('/') ? text.slice(0, -1) : text
  if (trimmed === '') return ''
  if (/[\p{Cc}\\]/u.test(trimmed))
    throw new Refusal('invalid-parameter', 'Invalid path: it has a control character or a backslash.')
  // MLflow's server fails with a 500 where its file system takes no such name.
  if (trimmed.split('/').some((segment) => new TextEncoder().encode(segment).length > 255))
    throw new Refusal('invalid-parameter', 'Invalid path: a part of it between slashes is longer than 255 bytes.')
  // All that MLflow itself says.
  // A segment that only begins or ends with two dots is a name to MLflow, but what streams the bytes takes it for a climb.
  if (trimmed.split('/').some((segment) => segment === '' || segment === '.' || /^\.\.|\.\.$/.test(segment))) {
    throw new Refusal('invalid-parameter', 'Invalid path')
  }
  return trimmed
}

/** Where in MLflow's artifact store a path lies: `<experiment>/<run>/artifacts/…`, `<experiment>/models/<model>/artifacts/…` or `<experiment>/traces/<trace>/artifacts/…`. */
export interface StorePlace {
  readonly experimentId: string
  readonly runId: string | null
  readonly loggedModelId: string | null
  readonly traceId: string | null
  /** Inside a run's, a logged model's or a trace's artifacts, rather than among the folders above them. */
  readonly inside: boolean
}

/** Reads a canonical store path; null when it does not begin with an experiment id. */
export function placeOf(path: string): StorePlace | null {
  const [experimentId = '', second = '', third = '', fourth = ''] = path.split('/')
  if (!isExperimentId(experimentId)) return null
  const runId = /^[0-9a-f]{32}$/.test(second) ? second : null
  const loggedModelId = second === 'models' && /^m-[0-9a-f]{32}$/.test(third) ? third : null
  // Traces of MLflow 2 have ids without a prefix.
  const traceId = second === 'traces' && /^(?:tr-)?[0-9a-f]{32}$/.test(third) ? third : null
  const inside = runId !== null ? third === 'artifacts' : (loggedModelId ?? traceId) !== null && fourth === 'artifacts'
  return { experimentId, runId, loggedModelId, traceId, inside }
}
