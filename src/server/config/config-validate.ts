import type { ErrorObject, ValidateFunction } from 'ajv'
import { checkConfig } from './config-check.ts'
import { type ConfigFile, spreadEnvironments } from './config-file.ts'
import { noPlaces } from './config-places.ts'
import { type ConfigPath, type Finding, isWithin } from './config-problem.ts'
import { configSchema, type SchemaNode, schemaAt } from './config-schema.ts'
import { describeError } from './config-sentences.ts'
import { isMapping, type Mapping, setOwn } from './mapping.ts'

/** The outcome of the schema: what is wrong, and a whole configuration in which the wrong places hold stand-ins. */
export interface Validation {
  readonly findings: readonly Finding[]
  /** Places that hold a stand-in: what is found there later is not the writer's doing. */
  readonly replaced: readonly ConfigPath[]
  readonly file: ConfigFile | null
}

/** Checks a configuration against its schema and fills in the defaults, in place. Wrong values give way to stand-ins, so that all checks can run. */
export function validateConfig(data: Mapping): Validation {
  const validate = checkConfig()
  const findings: Finding[] = []
  const replaced: ConfigPath[] = []
  for (let round = 0; round < 10; round++) {
    spreadEnvironments(data, noPlaces())
    if (validate(data)) return { findings, replaced, file: data }
    const errors = (validate.errors ?? []).filter((error) => !isFollowUp(error, validate.errors ?? []))
    for (const error of errors) {
      const path = pathOf(error, data)
      const ours = replaced.some((place) => isWithin(path, place) || isWithin(place, path))
      if (!ours) findings.push({ path, ...describeError(error, configSchema) })
    }
    for (const error of errors) {
      const path = pathOf(error, data)
      replaced.push(path)
      replaceAt(data, path, configSchema)
    }
  }
  return { findings, replaced, file: null }
}

/** Checks other files than the configuration, by schemas that give their type: what is wrong, or the data with its defaults. */
export function validateData<T>(
  data: Mapping,
  validate: ValidateFunction<T>,
  schema: SchemaNode,
): { findings: Finding[]; valid: T | null } {
  if (validate(data)) return { findings: [], valid: data }
  const errors = validate.errors ?? []
  const findings = errors
    .filter((error) => !isFollowUp(error, errors))
    .map((error) => ({ path: pathOf(error, data), ...describeError(error, schema) }))
  return { findings, valid: null }
}

/** Errors that only repeat another: of the branches of `if`, of names, and the form of a value that has the wrong type. */
function isFollowUp(error: ErrorObject, errors: readonly ErrorObject[]): boolean {
  if (error.keyword === 'if') return true
  if (error.keyword === 'propertyNames') return false
  if (error.propertyName !== undefined) return true
  const same = errors.filter((other) => other !== error && other.instancePath === error.instancePath)
  if (same.some((other) => other.keyword === 'false schema')) return true
  return error.keyword === 'enum' ? same.some((other) => other.keyword === 'type') : false
}

/** Where the error is: at the offending or missing key, else at the value. */
function pathOf(error: ErrorObject, data: Mapping): ConfigPath {
  const path: (string | number)[] = []
  let value: unknown = data
  for (const part of error.instancePath.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(value) ? Number(key) : key)
    value = Array.isArray(value) ? value[Number(key)] : isMapping(value) ? value[key] : undefined
  }
  const key: unknown = error.params.additionalProperty ?? error.params.missingProperty ?? error.params.propertyName
  if (typeof key === 'string') path.push(key)
  if (error.keyword === 'uniqueItems' && typeof error.params.i === 'number')
    path.push(Math.max(error.params.i, Number(error.params.j)))
  return path
}

/** Takes out a wrong value; where one must be, its example stands in. */
function replaceAt(data: Mapping, path: ConfigPath, schema: SchemaNode): void {
  const [last] = path.slice(-1)
  const parentPath = path.slice(0, -1)
  const parent = parentPath.reduce<unknown>(
    (value, part) => (Array.isArray(value) ? value[Number(part)] : isMapping(value) ? value[String(part)] : undefined),
    data,
  )
  const example = structuredClone(schemaAt(schema, path)?.examples?.[0])
  if (Array.isArray(parent) && typeof last === 'number') {
    parent[last] = isMapping(example) ? example : `${example ?? ''}${last === 0 ? '' : last}`
  } else if (isMapping(parent) && typeof last === 'string') {
    const required = schemaAt(schema, parentPath)?.required?.includes(last) ?? false
    if (required) setOwn(parent, last, example)
    else delete parent[last]
  }
}
