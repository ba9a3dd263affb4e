/** The path of promtool: $PROMTOOL, otherwise the first on the PATH or the one that was fetched; null if there is none. */
export function findPromtool(): string | null
/** Fetches promtool from Debian's package of Prometheus if it is missing; otherwise throws what to do, in one line. */
export function ensurePromtool(say: (line: string) => void): void
