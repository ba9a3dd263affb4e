/** The path of Chromium: $CHROMIUM, else the first on the PATH; null where there is none. */
export function findChromium(): string | null
/** Installs Chromium from Debian's packages where it is missing and this user may; else throws what to do, in one line. */
export function ensureChromium(say: (line: string) => void): void
