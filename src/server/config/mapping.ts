/** A JSON object of unknown content. */
export type Mapping = Record<string, unknown>

/** Whether a value is a map of keys. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets an own property, whatever its name (`__proto__` too). */
export function setOwn(mapping: Mapping, key: string, value: unknown): void {
  Object.defineProperty(mapping, key, { value, enumerable: true, configurable: true, writable: true })
}
