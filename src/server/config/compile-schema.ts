import { Ajv, type Options, type ValidateFunction } from 'ajv'
import type { SchemaNode } from './config-schema.ts'

const options: Options = {
  allErrors: true,
  useDefaults: true,
  ownProperties: true,
  verbose: true,
  strictTypes: false,
  strictRequired: false,
  // The tests check the schemas themselves.
  validateSchema: false,
  meta: false,
}

/** The validator of all that people write. It is used once: optimising a check takes longer than running it. `code`: for checks that are kept. */
export function makeAjv(code: NonNullable<Options['code']> = { optimize: false }): Ajv {
  const ajv = new Ajv({ ...options, code })
  for (const keyword of ['x-form', 'x-default']) ajv.addKeyword(keyword)
  return ajv
}

/** The check of a schema that describes values of type `T`. */
export function compileSchema<T>(schema: SchemaNode): ValidateFunction<T> {
  return makeAjv().compile<T>(schema)
}
