import { oncePer } from '../once-per.ts'
import { Refusal } from '../reasons.ts'
import { missingValue } from './invalid-value.ts'
import type { Json, JsonObject } from './json/json.ts'
import type { Shape } from './message-shape.ts'

/** Fields without which an endpoint refuses a request, `|` between the spellings of one, and those that stand in its path. */
export interface Requirements {
  readonly required?: readonly string[]
  readonly inPath?: ReadonlyMap<string, string>
}

/** What the endpoint requires, and then what else the message does. */
const requiredOf = oncePer((required: readonly string[]) =>
  oncePer(({ fields }: Shape): string[][] => {
    const ofEndpoint = required.map((spellings) => spellings.split('|'))
    const known = new Set(ofEndpoint.flat())
    const ofMessage = [...fields].filter(([name, field]) => field.required && !known.has(name)).map(([name]) => [name])
    return [...ofEndpoint, ...ofMessage]
  }),
)

/** The entries in the order in which MLflow looks at them: what it requires comes first. `miss` is told what of it is missing. */
function* inOrder(shape: Shape, object: JsonObject, requirements: Requirements, miss: (name: string) => void) {
  const { required, inPath = new Map() } = requirements
  const left = new Map(object)
  for (const names of required === undefined ? [] : requiredOf(required)(shape)) {
    // Fields inside others come with those.
    if (names.some((name) => name.includes('.') || inPath.has(name))) continue
    const given = [...left].filter(([spelling]) => names.includes(shape.spellings.get(spelling) ?? ''))
    if (given.every(([, value]) => value === null || value === '')) miss(names[0] ?? '')
    yield* given
    for (const [spelling] of given) left.delete(spelling)
  }
  yield* left
}

/**
 * Reads an object with what is required first, so that a refusal is that of MLflow: of what is missing, where something is wrong only
 * after it. That something is missing and all else right is left to `checkShape`.
 */
export function readRequiredFirst(
  shape: Shape,
  object: JsonObject,
  requirements: Requirements,
  read: (entries: Iterable<[string, Json]>) => JsonObject,
): JsonObject {
  const missing: string[] = []
  try {
    return read(inOrder(shape, object, requirements, (name) => missing.push(name)))
  } catch (error) {
    const [first] = missing
    throw error instanceof Refusal && first !== undefined ? missingValue(first) : error
  }
}
