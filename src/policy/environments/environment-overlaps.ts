import { holdsPrefix } from '../locations/source-prefix.ts'
import { readings } from '../names/look-alikes.ts'
import { withoutTrailing } from '../names/trailing.ts'
import { type Environment, type PolicyConfig, usesCatalog } from './environment.ts'
import { type EnvironmentProblem, problem } from './environment-problem.ts'

/** Every pair once; the later one is the one complained about. */
function pairs(environments: readonly Environment[]): [Environment, Environment][] {
  return environments.flatMap((second, index) =>
    environments.slice(0, index).map((first): [Environment, Environment] => [first, second]),
  )
}

/** What of one environment's namespaces would also be another's. */
export function findOverlaps({ environments, foldsCase, ...upstream }: PolicyConfig): EnvironmentProblem[] {
  return pairs(environments).flatMap(([first, second]) => [
    ...(usesCatalog(upstream) ? schemaClashes(first, second) : []),
    // In Unity Catalog serving endpoints alone have it.
    ...suffixClashes(first, second, foldsCase),
    ...rootClashes(first, second, foldsCase),
    ...prefixClashes(first, second),
  ])
}

/** The suffix and root clashes that a case-folding upstream would add to a landscape that is sound without folding. */
export function findFoldedOverlaps(config: PolicyConfig): EnvironmentProblem[] {
  if (config.foldsCase) return []
  return pairs(config.environments).flatMap(([first, second]) => [
    ...suffixClashes(first, second, true),
    ...rootClashes(first, second, true),
  ])
}

function schemaClashes(first: Environment, second: Environment): EnvironmentProblem[] {
  const schema = second.unityCatalogSchema
  if (schema === undefined || schema.toLowerCase() !== first.unityCatalogSchema?.toLowerCase()) return []
  const message = `\`${schema}\` is also the schema of ${first.name}; write a schema of its own`
  return [problem(second, 'unityCatalogSchema', message, { against: first.name })]
}

function suffixClashes(first: Environment, second: Environment, foldsCase: boolean): EnvironmentProblem[] {
  const [a, b] = [fold(first.modelSuffix, foldsCase), fold(second.modelSuffix, foldsCase)]
  if (!a.endsWith(b) && !b.endsWith(a)) return []
  const other = `the suffix \`${first.modelSuffix}\` of ${first.name}`
  const relation = a === b ? `is the same as ${other}` : a.endsWith(b) ? `is the end of ${other}` : `ends with ${other}`
  const witness = `x${a.length > b.length ? first.modelSuffix : second.modelSuffix}`
  const instead = `write a suffix so that neither ends with the other, such as ${freeSuffix(second, a)}`
  const message = `\`${second.modelSuffix}\` ${relation}, so a model ${witness} would belong to both; ${instead}`
  return [problem(second, 'modelSuffix', message, { against: first.name })]
}

/** A suffix for the environment that does not clash with the folded suffix of another. */
function freeSuffix(environment: Environment, other: string): string {
  const candidates = [`_${environment.name}`, `-${environment.name}`, `_${environment.name}-models`]
  return candidates.find((candidate) => !candidate.endsWith(other) && !other.endsWith(candidate)) ?? candidates[0] ?? ''
}

const hasDefaultRoot = ({ name, experimentRoot }: Environment) => experimentRoot === `/experiments/${name}`

/** The later of two gives way, unless its root is the one that was not written. */
function rootClashes(one: Environment, two: Environment, foldsCase: boolean): EnvironmentProblem[] {
  const [first, second] = hasDefaultRoot(two) && !hasDefaultRoot(one) ? [two, one] : [one, two]
  const [a, b] = [asFolder(first, foldsCase), asFolder(second, foldsCase)]
  if (!a.startsWith(b) && !b.startsWith(a)) return []
  const other = `\`${first.experimentRoot}\` of ${first.name}`
  const relation = a === b ? `is the same as ${other}` : a.startsWith(b) ? `holds ${other}` : `lies in ${other}`
  const instead = 'write a root that neither equals, contains nor lies in another'
  return [
    problem(
      second,
      'experimentRoot',
      `\`${second.experimentRoot}\` ${relation}; ${instead}, such as /experiments/${second.name}`,
      {
        against: first.name,
      },
    ),
  ]
}

function asFolder(environment: Environment, foldsCase: boolean): string {
  return `${withoutTrailing(fold(environment.experimentRoot, foldsCase), '/')}/`
}

function prefixClashes(first: Environment, second: Environment): EnvironmentProblem[] {
  return second.sourcePrefixes.flatMap((prefix, index) => {
    const other = first.sourcePrefixes.find((candidate) => holdsPrefix(candidate, prefix) || holdsPrefix(prefix, candidate))
    if (other === undefined) return []
    const message = `\`${prefix}\` overlaps \`${other}\` of ${first.name}; give each environment a folder of its own`
    return [problem(second, 'sourcePrefixes', message, { index, against: first.name })]
  })
}

/** The one spelling of what such a database takes for one. */
function fold(text: string, foldsCase: boolean): string {
  return foldsCase ? (readings(text)[0] ?? '') : text
}
