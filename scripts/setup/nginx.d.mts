/** The path of nginx: $NGINX, else the first on the PATH or where Debian has it; null where there is none. */
export function findNginx(): string | null
/** Installs nginx from Debian's packages where it is missing and this user may; else throws what to do, in one line. */
export function ensureNginx(say: (line: string) => void): void
