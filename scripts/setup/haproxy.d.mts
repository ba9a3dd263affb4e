/** The path of HAProxy: $HAPROXY, else the first on the PATH or where Debian has it; null where there is none. */
export function findHaproxy(): string | null
/** Installs HAProxy from Debian's packages where it is missing and this user may; else throws what to do, in one line. */
export function ensureHaproxy(say: (line: string) => void): void
