import schema from '../../../schema/adoption.schema.json' with { type: 'json' }
import type { AdoptionRules } from '../../server/adoption/adoption-rules.ts'
import { compileSchema } from '../../server/config/compile-schema.ts'
import { ConfigError, type ConfigProblem, showPath } from '../../server/config/config-problem.ts'
import type { SchemaNode } from '../../server/config/config-schema.ts'
import type { Config } from '../../server/config/config-types.ts'
import { readDocument } from '../policy-tests/read-document.ts'

const rulesSchema: SchemaNode = schema

/** Reads a file of rules. Throws ConfigError, also where a rule names an environment that the configuration does not have. */
export function readRules(file: string, { environments }: Config): AdoptionRules {
  const { data, placeOf } = readDocument(file, compileSchema<AdoptionRules>(rulesSchema), rulesSchema)
  const names = environments.map(({ name }) => name)
  const problems: ConfigProblem[] = []
  for (const kind of ['models', 'experiments'] as const) {
    for (const [index, { environment, name }] of (data[kind] ?? []).entries()) {
      const add = (key: string, message: string) => {
        const place = placeOf([kind, index, key]) ?? { line: 0, column: 0, variable: null }
        problems.push({ ...place, path: showPath([kind, index, key]), message })
      }
      if (environment === undefined) {
        if (name !== undefined) add('name', 'is of no use without an environment; write `environment`, or leave it out')
      } else if (!names.includes(environment)) {
        add('environment', `\`${environment}\` is not in the configuration; write one of ${names.join(', ')}`)
      }
    }
  }
  if (problems.length > 0) throw new ConfigError(file, problems)
  return data
}
