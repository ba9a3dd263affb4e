import { missingValue } from './invalid-value.ts'
import type { Json, JsonObject } from './json.ts'
import type { Shape } from './message-shape.ts'

/** Fields without which an endpoint refuses a request, `|` between the spellings of one, and those that stand in its path. */
export interface Requirements {
  readonly required?: readonly string[]
  readonly inPath?: ReadonlyMap<string, string>
}

/**
 * The entries of an object in the order in which MLflow looks at them: what it requires comes first. Throws MLflow's sentence for the
 * first that is missing, once all before it were taken. Fields inside others are left to `checkShape`.
 */
export function* requiredFirst(
  shape: Shape,
  object: JsonObject,
  { required = [], inPath = new Map() }: Requirements,
): Generator<[string, Json]> {
  const left = new Map(object)
  for (const spellings of required) {
    const names = spellings.split('|')
    if (names.some((name) => name.includes('.') || inPath.has(name))) continue
    const given = [...left].filter(([spelling]) => names.includes(shape.spellings.get(spelling) ?? ''))
    if (given.every(([, value]) => value === null || value === '')) throw missingValue(names[0] ?? '')
    yield* given
    for (const [spelling] of given) left.delete(spelling)
  }
  yield* left
}
