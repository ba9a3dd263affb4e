import { parseDocument } from 'yaml'
import { spreadEnvironments } from './config-file.ts'
import { movePlaces, type Places } from './config-places.ts'
import type { Finding, Place } from './config-problem.ts'
import { knownKeys, listKeys, type SchemaNode, schemaAt, takesType } from './config-schema.ts'
import { readScalar } from './config-variables.ts'
import { isMapping, type Mapping, setOwn } from './mapping.ts'
import { findNearest } from './nearest-word.ts'

const prefix = 'MLFLOW_ENV_PROXY_'

/** The environment variable that overrides a key, as in `MLFLOW_ENV_PROXY_UPSTREAM__FOLDS_CASE`. */
export function variableFor(path: readonly string[]): string {
  const words = path.map((key) => (key.startsWith('<') ? 'NAME' : key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()))
  return `${prefix}${words.join('__')}`
}

/** Applies every `MLFLOW_ENV_PROXY_…` variable to `data`, outer keys first, and notes in `places` where the values came from. */
export function applyOverrides(data: Mapping, schema: SchemaNode, env: NodeJS.ProcessEnv, places: Places): Finding[] {
  const findings: Finding[] = []
  const taken = new Map<string, string>()
  const names = Object.keys(env).filter((name) => name.startsWith(prefix) && !isServiceLink(name, env[name] ?? ''))
  const depth = (name: string) => name.split('__').length
  for (const name of names.toSorted((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))) {
    const place: Place = { line: 0, column: 0, variable: name }
    const path = findPath(name, data, schema)
    if (typeof path === 'string') {
      findings.push({ path: [], message: path, place })
      continue
    }
    const other = taken.get(path.join('\0'))
    if (other !== undefined) findings.push({ path, message: `${other} already sets this key; keep one of the two`, place })
    taken.set(path.join('\0'), name)
    movePlaces(places, path, place)
    const value = readValue(env[name] ?? '', schemaAt(schema, path) ?? {})
    if (value === undefined)
      findings.push({ path, message: 'is not valid YAML; write a plain value, or [a, b] for a list', place })
    else setValue(data, path, value)
    spreadEnvironments(data, places)
  }
  return findings
}

/** Kubernetes sets such variables in every pod for a Service whose name starts with mlflow-env-proxy: they are not ours. */
function isServiceLink(name: string, value: string): boolean {
  const rest = name.slice(prefix.length)
  if (rest.includes('__')) return false
  const names = [/(^|_)SERVICE_(HOST|PORT)$/, /(^|_)SERVICE_PORT_./, /(^|_)PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/]
  if (names.some((form) => form.test(rest))) return true
  return /(^|_)PORT$/.test(rest) && /^(tcp|udp|sctp):\/\//.test(value)
}

/** The path that a variable's name means, or what is wrong with the name. */
function findPath(name: string, data: Mapping, schema: SchemaNode): string[] | string {
  const path: string[] = []
  for (const segment of name.slice(prefix.length).split('__')) {
    const node: SchemaNode = schemaAt(schema, path) ?? {}
    const plain = segment.toLowerCase().replaceAll('_', '')
    const key = knownKeys(node).find((candidate) => candidate.toLowerCase() === plain)
    if (key !== undefined) path.push(key)
    else if (node.additionalProperties) {
      const environment = segment.toLowerCase().replaceAll('_', '-')
      const named = environmentNames(data)
      if (!named.includes(environment)) return unknownEnvironment(environment, named)
      path.push(environment)
    } else return unknownVariable(name, data, schema)
  }
  return path
}

function environmentNames(data: Mapping): string[] {
  const { environments } = data
  return isMapping(environments) ? Object.keys(environments) : []
}

function unknownEnvironment(environment: string, named: readonly string[]): string {
  const known = named.length > 0 ? ` (there are ${named.join(', ')})` : ''
  return `the file has no environment \`${environment}\`${known}; add it there, or set ${prefix}ENVIRONMENTS to replace them all`
}

function unknownVariable(name: string, data: Mapping, schema: SchemaNode): string {
  const environments = environmentNames(data)
  const candidates = listKeys(schema).flatMap(({ path }) =>
    path[1] === '<name>' ? environments.map((environment) => [path[0] ?? '', environment, ...path.slice(2)]) : [path],
  )
  const nearest = findNearest(
    name,
    candidates.map((path) => variableFor(path).replaceAll('-', '_')),
  )
  const hint =
    nearest === null
      ? 'unset it (two underscores separate the keys, as in MLFLOW_ENV_PROXY_UPSTREAM__URL)'
      : `did you mean ${nearest}?`
  return `this variable overrides no key of the configuration; ${hint}`
}

/** A variable's value: text where the schema wants text, else YAML. Undefined when it cannot be read. */
function readValue(text: string, node: SchemaNode): unknown {
  if (takesType(node, 'string') && !/^(["'].*["']|null)$/s.test(text)) return text
  const scalar = readScalar(text, node)
  if (typeof scalar !== 'string') return scalar
  const document = parseDocument(text, { schema: 'core', version: '1.2', merge: false, prettyErrors: false })
  if (document.errors.length > 0 || document.warnings.length > 0) return undefined
  try {
    const value: unknown = document.toJS({ maxAliasCount: 0 })
    return value
  } catch {
    return undefined
  }
}

function setValue(data: Mapping, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path
  if (rest.length === 0) {
    setOwn(data, key, value)
    return
  }
  const inner = Object.hasOwn(data, key) ? data[key] : undefined
  const mapping: Mapping = isMapping(inner) ? inner : {}
  if (mapping !== inner) setOwn(data, key, mapping)
  setValue(mapping, rest, value)
}
