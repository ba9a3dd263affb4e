/** The path of an OpenTelemetry collector: $OTEL_COLLECTOR (unless that is `build`), otherwise the one that was built; null if there is none. */
export function findOtelCollector(): string | null
/** With OTEL_COLLECTOR=build: builds a collector by its own builder from Go's module proxy if it is missing; otherwise throws what to do, in one line. */
export function ensureOtelCollector(say: (line: string) => void): void
