/** The files that define the custom resources which the chart makes; null if they were not fetched. */
export function findCustomResources(): readonly string[] | null
/** Fetches them from Go's module proxy if they are missing; otherwise throws what to do, in one line. */
export function ensureCustomResources(say: (line: string) => void): void
