import { encodeQuery } from '../../policy/messages/encode.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { parseJson, printJson } from '../../policy/messages/json/json-text.ts'
import { parseQuery } from '../../policy/messages/query-text.ts'

/** One request as it goes upstream. */
export interface SentCall {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly body: string | null
}

/** A request to MLflow's own model registry, read again. */
export interface RegistryCall {
  readonly method: string
  /** Below the API: `registered-models/get`. */
  readonly path: string
  readonly message: JsonObject
}

const api = '/api/2.0/mlflow'

/** Reads a request that the proxy wrote; null for one that is not of the model registry. */
export function readRegistryCall({ method, target, body }: SentCall): RegistryCall | null {
  const [, path, query = ''] =
    /^\/api\/2\.0\/mlflow\/((?:registered-models|model-versions)\/[a-z-]+)(?:\?(.*))?$/s.exec(target) ?? []
  if (path === undefined) return null
  const parsed = body === null ? null : parseJson(body, { maxKeys: Number.POSITIVE_INFINITY })
  return { method, path, message: parsed instanceof Map ? parsed : readQuery(query) }
}

function readQuery(query: string): JsonObject {
  const message: JsonObject = new Map()
  for (const [key, value] of parseQuery(query)) {
    const earlier = message.get(key)
    if (earlier === undefined) message.set(key, key === 'order_by' ? [value] : value)
    else if (Array.isArray(earlier)) earlier.push(value)
  }
  return message
}

/** What a message of the open-source registry has and Unity Catalog's has not. */
const dropped: Readonly<Record<string, readonly string[]>> = { 'model-versions/create': ['run_link'] }

/** A request of Unity Catalog's, as MLflow's own client for it writes one. */
export function writeCatalogCall(method: string, path: string, message: JsonObject): SentCall {
  const target = `${api}/unity-catalog/${path}`
  if (method !== 'GET') return { method, target, body: printJson(message) }
  return { method, target: `${target}?${encodeQuery(message)}`, body: null }
}

/**
 * The call that does in Unity Catalog what one call of the open-source registry does; null for a search, which takes several. A name
 * is changed by an update there, and everything else has a path and fields of the same names.
 */
export function catalogCall({ method, path, message }: RegistryCall): SentCall | null {
  if (path.endsWith('/search')) return null
  if (path === 'registered-models/rename') return writeCatalogCall('PATCH', 'registered-models/update', message)
  const without = dropped[path] ?? []
  return writeCatalogCall(method, path, new Map([...message].filter(([key]) => !without.includes(key))))
}

/** The call that lists one page of the models in a schema. */
export function listModelsCall(schema: string, token: string): SentCall {
  const [catalog = '', name = ''] = schema.split('.')
  const page = token === '' ? {} : { page_token: token }
  const query = encodeQuery(new Map(Object.entries({ catalog_name: catalog, schema_name: name, max_results: '100', ...page })))
  return { method: 'GET', target: `/api/2.1/unity-catalog/models?${query}`, body: null }
}
