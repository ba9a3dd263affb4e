/** The path of Chromium: $CHROMIUM, otherwise the first on the PATH; null if there is none. */
export function findChromium(): string | null
/** Installs Chromium from Debian's packages if it is missing and this user may; otherwise throws what to do, in one line. */
export function ensureChromium(say: (line: string) => void): void
