/** The path of a Redis or Valkey server: $REDIS, otherwise the first on the PATH; null if there is none. */
export function findRedis(): string | null
/** Installs Redis from Debian's packages if it is missing and this user may; otherwise throws what to do, in one line. */
export function ensureRedis(say: (line: string) => void): void
