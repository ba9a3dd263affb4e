import { isExperimentId } from '../names/ids.ts'
import { Refusal } from '../reasons.ts'

const escaped = /%[0-9a-fA-F]{2}/
// What is no UTF-8 is a replacement character to MLflow as well.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

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
  return utf8.decode(new Uint8Array(out))
}

/**
 * Names of images that clients of MLflow 2 log have numbers after percent signs, `loss%step%12%timestamp%1795475888451%…`. What comes of
 * decoding them, MLflow writes back as it was: only of these control characters, `%10` to `%19`.
 */
function restoreNumbers(text: string): string {
  return text.replace(/[\u0010-\u0019]/g, (control) => `%${control.charCodeAt(0).toString(16)}`)
}

/** An artifact path percent-decoded until it stops changing, as MLflow's server does. Throws `invalid-parameter` where that takes too long. */
export function decodePath(path: string): string {
  let text = path
  for (let rounds = 0; escaped.test(text); rounds++) {
    if (rounds === 8) throw new Refusal('invalid-parameter', 'Invalid path: it is percent-encoded too many times.')
    const next = decodeOnce(text)
    if (next === text) break
    text = next
  }
  return restoreNumbers(text)
}

/**
 * An artifact path as MLflow will read it: decoded.
 * Throws `invalid-parameter` for dot segments, empty segments, backslashes and control characters. A trailing slash is dropped.
 */
export function canonicalPath(path: string): string {
  const text = decodePath(path)
  const trimmed = text.endsWith('/') ? text.slice(0, -1) : text
  if (trimmed === '') return ''
  if (/[\p{Cc}\\]/u.test(trimmed))
    throw new Refusal('invalid-parameter', 'Invalid path: it has a control character or a backslash.')
  // All that MLflow itself says. Only `.` and `..` lead elsewhere: `..data` and `a..` are names.
  if (trimmed.split('/').some((segment) => ['', '.', '..'].includes(segment))) {
    throw new Refusal('invalid-parameter', 'Invalid path')
  }
  return trimmed
}

const served = '/api/2.0/mlflow-artifacts/artifacts'

/** What stands behind the address of MLflow's own artifact API in a URL, with the slash before it; null for every other text. */
export function servedArtifactPath(uri: string): string | null {
  const toHost = /^https?:\/\/[^/]+\//.exec(uri)?.[0]
  if (toHost === undefined || /[\n\r\u2028\u2029]/.test(uri)) return null
  for (let at = uri.lastIndexOf(served); at >= toHost.length - 1; at = uri.lastIndexOf(served, at - 1)) {
    const rest = uri.slice(at + served.length)
    if (rest === '' || rest.startsWith('/')) return rest
  }
  return null
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
