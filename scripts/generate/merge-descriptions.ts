interface DescribedField {
  type: string
  message?: string
  values?: string[]
  /** The numbers of the values, in their order. */
  numbers?: number[]
  repeated?: boolean
  map?: boolean
  validateRequired?: boolean
  required?: boolean
  oneof?: string
  jsonName?: string
}

interface DescribedRoute {
  server: 'flask' | 'fastapi' | 'basic-auth' | 'prometheus'
  method: string
  path: string
  multiSegment: string[]
  request: string | null
  notImplemented: boolean
}

interface DescribedEndpoint {
  method: string
  path: string
  since: string
}

/** What describe-mlflow.py prints. */
export interface Description {
  version: string
  messages: Record<string, Record<string, DescribedField>>
  rpcs: Record<string, { module: string; request: string; response: string; endpoints: DescribedEndpoint[] }>
  routes: DescribedRoute[]
  /** Its GraphQL schema, in GraphQL's schema language. */
  graphql: string | null
}

/** A route of src/policy/endpoints/route.ts while it is being merged. */
export interface MergedRoute {
  method: string
  path: string
  prefixes: Record<string, string[]>
  request?: string
  response?: string
  multiSegment?: string[]
  notImplementedIn?: string[]
  server?: 'basic-auth' | 'prometheus'
}

// The services that an open-source server registers; the others exist only on Databricks.
const openSourceModules = new Set(['service_pb2', 'model_registry_pb2', 'mlflow_artifacts_pb2', 'webhooks_pb2'])
const fieldTypes = new Map([
  ['sint32', 'int32'],
  ['sfixed32', 'int32'],
  ['sint64', 'int64'],
  ['sfixed64', 'int64'],
  ['fixed32', 'uint32'],
  ['fixed64', 'uint64'],
])

const forms = new Map([
  ['google.protobuf.Value', null],
  ['google.protobuf.Timestamp', 'timestamp'],
  ['google.protobuf.Duration', 'duration'],
  ['google.protobuf.FieldMask', 'fieldMask'],
])

/** A field of src/policy/messages/field.ts while it is being merged. */
export type MergedField = Record<string, unknown> & { versions: string[] }
/** Fields by name, by full name of the message. */
export type Messages = Map<string, Map<string, MergedField>>

/** The messages that services of these modules use (default: the open-source ones), over all versions (oldest first). Throws if versions contradict each other. */
export function mergeMessages(descriptions: readonly Description[], modules: ReadonlySet<string> = openSourceModules): Messages {
  const merged: Messages = new Map()
  for (const { version, messages, rpcs } of descriptions) {
    for (const name of reachableMessages(messages, rpcs, modules)) {
      const fields = merged.get(name) ?? new Map()
      merged.set(name, fields)
      for (const [key, field] of Object.entries(messages[name] ?? {})) {
        fields.set(key, mergeField(`${name}.${key}`, fields.get(key), convertField(`${name}.${key}`, field), version))
      }
    }
  }
  return merged
}

function reachableMessages(
  messages: Description['messages'],
  rpcs: Description['rpcs'],
  modules: ReadonlySet<string>,
): Set<string> {
  const wanted = Object.values(rpcs).filter(({ module }) => modules.has(module))
  const found = new Set(wanted.flatMap(({ request, response }) => [request, response]))
  for (const name of found) {
    for (const { message } of Object.values(messages[name] ?? {})) {
      if (message !== undefined && messages[message] !== undefined) found.add(message)
    }
  }
  return found
}

function convertField(path: string, field: DescribedField): Record<string, unknown> {
  if (field.jsonName !== undefined) throw new Error(`${path} is spelt ${field.jsonName} in JSON: teach message-shape.ts`)
  const wellKnown = field.message?.startsWith('google.protobuf.') === true
  const form = forms.get(field.message ?? '')
  if (wellKnown && form === undefined)
    throw new Error(`${path} is a ${field.message}: say in this script what its JSON looks like`)
  return {
    type: wellKnown ? 'json' : (fieldTypes.get(field.type) ?? field.type),
    ...(form ? { form } : {}),
    ...(field.message !== undefined && !wellKnown ? { message: field.message } : {}),
    ...(field.values ? { values: field.values } : {}),
    ...(field.numbers ? { numbers: field.numbers } : {}),
    ...(field.repeated ? { repeated: true } : {}),
    ...(field.map ? { map: true } : {}),
    ...(field.required || field.validateRequired ? { required: true } : {}),
    ...(field.oneof !== undefined ? { oneof: field.oneof } : {}),
  }
}

function mergeField(path: string, older: MergedField | undefined, field: Record<string, unknown>, version: string): MergedField {
  if (older === undefined) return { ...field, versions: [version] }
  for (const key of ['type', 'form', 'message', 'repeated', 'map']) {
    if (older[key] !== field[key]) throw new Error(`${path} changed its ${key} in ${version}: say in this script what to do`)
  }
  return { ...field, ...mergeEnum(path, older, field), versions: [...older.versions, version] }
}

/** An enum's values in two versions, with their numbers. */
function mergeEnum(path: string, older: Record<string, unknown>, newer: Record<string, unknown>): Record<string, unknown> {
  const listsOf = (key: string) => [older[key], newer[key]].flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
  const [names, numbers] = [listsOf('values'), listsOf('numbers')]
  const values = [...new Set(names)]
  if (values.length === 0) return {}
  for (const [index, name] of names.entries()) {
    if (numbers[index] !== numbers[names.indexOf(name)]) throw new Error(`${path} changed the number of ${name}`)
  }
  return { values, ...(numbers.length > 0 ? { numbers: values.map((name) => numbers[names.indexOf(name)]) } : {}) }
}

/** The routes of all versions (oldest first), one for each combination of method, path without prefix, and message. */
export function mergeRoutes(descriptions: readonly Description[]): MergedRoute[] {
  const merged = new Map<string, MergedRoute>()
  const latestFirst = descriptions.toReversed()
  for (const { version, routes } of descriptions) {
    for (const described of routes) {
      const [prefix, path] = splitPrefix(described.path.replace('{assessment.trace_id}', '{trace_id}'))
      const request = described.request ?? latestFirst.map((other) => requestOf(other, described)).find(Boolean) ?? null
      const key = JSON.stringify([path, described.method, request])
      const route = merged.get(key) ?? startRoute(described, path, request, latestFirst)
      merged.set(key, route)
      route.prefixes[prefix] = withVersion(route.prefixes[prefix], version)
      if (described.notImplemented) route.notImplementedIn = withVersion(route.notImplementedIn, version)
    }
  }
  return [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, route]) => route)
}

// Only some versions name the message of a hand-written handler.
function requestOf({ routes }: Description, { method, path }: DescribedRoute): string | null | undefined {
  return routes.find((route) => route.method === method && route.path === path)?.request
}

function startRoute(described: DescribedRoute, path: string, request: string | null, descriptions: Description[]): MergedRoute {
  const rpcs = descriptions.flatMap(({ rpcs }) => Object.values(rpcs))
  const response = rpcs.find((rpc) => rpc.request === request)?.response
  return {
    method: described.method,
    path,
    prefixes: {},
    ...(request !== null ? { request } : {}),
    ...(response !== undefined ? { response } : {}),
    ...(described.multiSegment.length > 0 ? { multiSegment: described.multiSegment } : {}),
    ...(described.server === 'basic-auth' || described.server === 'prometheus' ? { server: described.server } : {}),
  }
}

function splitPrefix(path: string): [prefix: string, path: string] {
  const found = /^(\/(?:ajax-)?api\/\d+\.\d+(?:\/preview)?)(\/.*)$/.exec(path)
  return found ? [found[1] ?? '', found[2] ?? ''] : ['', path]
}

function withVersion(versions: string[] | undefined, version: string): string[] {
  return [...new Set([...(versions ?? []), version])]
}
