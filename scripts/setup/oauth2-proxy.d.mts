/** The path of oauth2-proxy: $OAUTH2_PROXY (unless that is `build`), otherwise the one that was built; null if there is none. */
export function findOauth2Proxy(): string | null
/** With OAUTH2_PROXY=build: builds oauth2-proxy from Go's module proxy if it is missing; otherwise throws what to do, in one line. */
export function ensureOauth2Proxy(say: (line: string) => void): void
