/** The path of Go; null if there is none. */
export function findGo(): string | null
