import type { ValidateFunction } from 'ajv'
import { compileSchema } from './compile-schema.ts'
import type { ConfigFile } from './config-file.ts'
import { configSchema } from './config-schema.ts'

let check: ValidateFunction<ConfigFile> | undefined

/** The check of the configuration's schema. The build puts the code that ajv makes for it in the place of this file: making it is a tenth of a start. */
export function checkConfig(): ValidateFunction<ConfigFile> {
  check ??= compileSchema<ConfigFile>(configSchema)
  return check
}
