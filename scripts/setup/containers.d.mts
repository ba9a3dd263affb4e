/** Why the image cannot be built and run here; null if it can. */
export function whyNoContainers(): string | null
/** Installs podman, runc and debootstrap from Debian if they are missing and this user may; otherwise throws what to do, in one line. */
export function ensureContainers(say: (line: string) => void): void
