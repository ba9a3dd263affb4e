/** The path of HAProxy: $HAPROXY, otherwise the first on the PATH or in Debian's folder; null if there is none. */
export function findHaproxy(): string | null
/** Installs HAProxy from Debian's packages if it is missing and this user may; otherwise throws what to do, in one line. */
export function ensureHaproxy(say: (line: string) => void): void
