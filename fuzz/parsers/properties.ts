import { Refusal } from '../../src/policy/reasons.ts'

/** The parsed value, or undefined if the parser refuses. Any other exception is a finding. */
export function read<T>(make: () => T, hear: (message: string) => void = () => undefined): T | undefined {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    hear(error.message)
    return undefined
  }
}

/** Throws Error if a property does not hold. */
export function equal(found: unknown, wanted: unknown, property: string): void {
  if (found !== wanted) throw new Error(`${property}: ${clip(found)} in place of ${clip(wanted)}`)
}

function clip(value: unknown): string {
  const text = String(value)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
