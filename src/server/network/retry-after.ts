/** What a `Retry-After` header says, in its own form: seconds, or a date of HTTP; undefined where it says nothing that can be read. */
export function readRetryAfter(header: unknown): number | string | undefined {
  if (typeof header !== 'string') return undefined
  if (/^[0-9]{1,5}$/.test(header)) return Number(header)
  return /^[A-Za-z0-9 ,:]{1,40}$/.test(header) && !Number.isNaN(Date.parse(header)) ? header : undefined
}

/** Whole seconds to wait from `now` (milliseconds since 1970) on, by what was said; 0 where there is nothing to wait for. */
export function secondsToWait(said: number | string | undefined, now = Date.now()): number {
  if (typeof said !== 'string') return said ?? 0
  return Math.max(0, Math.ceil((Date.parse(said) - now) / 1_000)) || 0
}
