import type { ValidateFunction } from 'ajv'
import { readBytes } from '../../server/config/config.ts'
import { placeFindings } from '../../server/config/config-places.ts'
import { ConfigError, type ConfigPath, type Place } from '../../server/config/config-problem.ts'
import type { SchemaNode } from '../../server/config/config-schema.ts'
import { validateData } from '../../server/config/config-validate.ts'
import { readYaml } from '../../server/config/config-yaml.ts'
import { isMapping } from '../../server/config/mapping.ts'

/** A YAML file whose content has a schema. */
export interface YamlDocument<T> {
  readonly data: T
  readonly placeOf: (path: ConfigPath) => Place | undefined
}

/** Reads a YAML file, or its text where that is given. Throws a ConfigError with every problem and its line. */
export function readDocument<T>(file: string, validate: ValidateFunction<T>, schema: SchemaNode, text?: string): YamlDocument<T> {
  const { data, places, syntax, findings } = readYaml(text === undefined ? readBytes(file) : Buffer.from(text))
  if (syntax.length > 0) throw new ConfigError(file, syntax)
  if (!isMapping(data)) {
    throw new ConfigError(file, placeFindings([{ path: [], message: 'is not a map of keys' }], places))
  }
  const { valid, findings: wrong } = validateData(data, validate, schema)
  if (valid === null || findings.length > 0) throw new ConfigError(file, placeFindings([...findings, ...wrong], places))
  return { data: valid, placeOf: (path) => places.values.get(JSON.stringify(path)) }
}
