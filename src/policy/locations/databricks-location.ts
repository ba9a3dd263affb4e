import { isExperimentId, isTraceId } from '../names/ids.ts'
import { escapeSegment, isPlain, isReserved, unescapeSegment } from './artifact-place.ts'

const scheme = 'mlflow-artifacts:/'
const tracking = 'databricks/mlflow-tracking/'

/** The store path that clients use for a path of DBFS, or null when there is none. */
function storePathOf(path: string): string | null {
  if (!isPlain(path)) return null
  if (!path.startsWith(tracking)) return isReserved(path) ? null : `dbfs/${path}`
  const [experimentId = '', owner = '', ...rest] = path.slice(tracking.length).split('/')
  if (!isExperimentId(experimentId) || owner === 'models' || owner === 'traces') return null
  if (owner === 'logged_models') return [experimentId, 'models', ...rest].join('/')
  if (isTraceId(owner)) return [experimentId, 'traces', owner, ...rest].join('/')
  return path.slice(tracking.length)
}

/**
 * A location of Databricks' as clients see it: `dbfs:/…` becomes `mlflow-artifacts:/…`, whatever it is, because a client that can read
 * `dbfs:` goes around the proxy. What the proxy does not serve becomes `mlflow-artifacts:/elsewhere/…`. Other schemes stay as they are.
 */
export function clientDatabricksLocation(uri: string): string {
  if (!/^(?:dbfs|mlflow-artifacts):/i.test(uri)) return uri
  const [, path = '', slash = ''] = /^dbfs:\/(.*?)(\/?)$/su.exec(uri) ?? []
  const stored = storePathOf(path)
  return stored === null ? `${scheme}elsewhere/${escapeSegment(uri)}` : `${scheme}${stored}${slash}`
}

function unchecked(path: string): string | null {
  const [first = '', second, ...rest] = path.split('/')
  if (first === 'elsewhere') return rest.length === 0 ? unescapeSegment(second ?? '') : null
  if (first === 'dbfs') return `dbfs:/${path.slice('dbfs/'.length)}`
  if (!isExperimentId(first)) return null
  const owner = second === 'models' ? ['logged_models'] : second === undefined || second === 'traces' ? [] : [second]
  return `dbfs:/${[`${tracking}${first}`, ...owner, ...rest].join('/')}`
}

/**
 * What a location of a client's is upstream (a version's `source`, say): the inverse of `clientDatabricksLocation`.
 * Null for a text that stands for none, and for a registered version's location, which only the registry can tell.
 */
export function upstreamDatabricksLocation(uri: string): string | null {
  if (!/^mlflow-artifacts:/i.test(uri)) return uri
  if (!uri.startsWith(scheme)) return null
  const upstream = unchecked(uri.slice(scheme.length))
  return upstream !== null && clientDatabricksLocation(upstream) === uri ? upstream : null
}

/** The location of a registered version's artifacts, for `get-download-uri`. The name is the one that the client uses. */
export function versionLocation(name: string, version: string): string {
  return `${scheme}registry/${escapeSegment(name)}/${version}`
}
