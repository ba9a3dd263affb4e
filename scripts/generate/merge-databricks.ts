import type { Description, MergedRoute, Messages } from './merge-descriptions.ts'

interface SdkField {
  type: string
  message?: string
  values?: string[]
  repeated?: boolean
  map?: boolean
  required?: boolean
}

/** What describe-databricks.py prints. */
export interface SdkDescription {
  version: string
  messages: Record<string, Record<string, SdkField>>
  routes: { method: string; path: string; multiSegment: string[]; request?: string | null; response?: string | null }[]
}

/** Fields by name, by full name of the message. */
export type SdkMessages = Map<string, Map<string, SdkField>>

const openSourceModules = new Set(['service_pb2', 'model_registry_pb2', 'mlflow_artifacts_pb2', 'webhooks_pb2'])

/** Databricks services that MLflow's own client describes: both APIs of Unity Catalog's registry; the SDK contains a part of the second. */
export const describedModules: ReadonlySet<string> = new Set(['databricks_uc_registry_service_pb2', 'unity_catalog_service_pb2'])

/** Whether two routes are the same, apart from the names of their parameters. */
function addressOf({ method, path }: { method: string; path: string }): string {
  return `${method} ${path.replaceAll(/\{[^}]+\}/g, '{}')}`
}

function splitPrefix(path: string): [prefix: string, path: string] {
  const found = /^(\/api\/\d+\.\d+(?:\/preview)?)(\/.*)$/.exec(path)
  return found ? [found[1] ?? '', found[2] ?? ''] : ['', path]
}

/** The workspace's routes that no open-source server has: from the SDK, and from MLflow's own descriptors. */
export function mergeSdkRoutes(
  sdk: SdkDescription,
  descriptions: readonly Description[],
  openSource: MergedRoute[],
): MergedRoute[] {
  const known = new Set(openSource.map(addressOf))
  const merged = new Map<string, MergedRoute>()
  for (const { method, path: whole, multiSegment, request, response } of [...sdk.routes, ...rpcRoutes(descriptions)]) {
    const [prefix, path] = splitPrefix(whole)
    const address = addressOf({ method, path })
    if (known.has(address) || path === '') continue
    const route = merged.get(address) ?? {
      method,
      path,
      prefixes: {},
      ...(request ? { request } : {}),
      ...(response ? { response } : {}),
      ...(multiSegment.length > 0 ? { multiSegment } : {}),
    }
    // A route that the SDK knows only by its path may be described by MLflow.
    if (route.request === undefined && request) route.request = request
    if (route.response === undefined && response) route.response = response
    route.prefixes[prefix] = ['databricks']
    merged.set(address, route)
  }
  return [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, route]) => route)
}

function rpcRoutes(descriptions: readonly Description[]): SdkDescription['routes'] {
  const rpcs = descriptions.flatMap(({ rpcs }) => Object.values(rpcs))
  const elsewhere = rpcs.filter(({ module }) => !openSourceModules.has(module))
  return elsewhere.flatMap(({ module, request, response, endpoints }) =>
    endpoints.map(({ method, path, since }) => ({
      method,
      path: `/api/${since}${path.replaceAll('.', '_')}`,
      multiSegment: [],
      ...(describedModules.has(module) ? { request, response } : {}),
    })),
  )
}

/** The messages of these routes. Messages that are MLflow's own by another name are replaced by them. */
export function reachableSdkMessages(sdk: SdkDescription, routes: MergedRoute[], openSource: Messages): SdkMessages {
  const found = new Set(routes.flatMap(({ request, response }) => [request, response].filter((name) => name !== undefined)))
  const merged: SdkMessages = new Map()
  for (const name of found) {
    if (!name.startsWith('databricks.')) continue
    const fields = Object.entries(sdk.messages[name] ?? {}).map(([key, field]): [string, SdkField] => {
      const message = field.message === undefined ? undefined : sameInMlflow(field.message, sdk, openSource)
      if (message?.startsWith('databricks.')) found.add(message)
      return [key, message === undefined ? field : { ...field, message }]
    })
    merged.set(name, new Map(fields))
  }
  return merged
}

function sameInMlflow(name: string, sdk: SdkDescription, openSource: Messages): string {
  const mlflow = name.replace(/^databricks\./, 'mlflow.')
  const theirs = openSource.get(mlflow)
  const fields = Object.keys(sdk.messages[name] ?? {})
  return theirs !== undefined && fields.every((key) => theirs.has(key)) ? mlflow : name
}
