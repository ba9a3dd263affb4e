import { parseAllDocuments } from 'yaml'

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** The value as a record; an empty one when it is none. */
export const record = (value: unknown) => (isRecord(value) ? value : {})

/** What stands at a dotted path; numbers index lists; undefined where there is nothing. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value)
}

/** The values with one of them, at a dotted path, set to something else. */
export function set(values: object, path: string, value: unknown): object {
  const copy = structuredClone(values)
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  let inner: Record<string, unknown> = record(copy)
  for (const key of keys) {
    inner[key] ??= {}
    inner = record(inner[key])
  }
  inner[last] = value
  return copy
}

/** The object of a kind and name in a stream of manifests; undefined when it is not there. */
export function pick(manifests: string, kind: string, name: string): unknown {
  const objects = parseAllDocuments(manifests).map((document) => document.toJS())
  return objects.find((object) => at(object, 'kind') === kind && at(object, 'metadata.name') === name)
}
