/** Where spans go, and how many requests have some. */
export interface TracingSettings {
  /** The address of OTLP over HTTP, with its path; left out: as OpenTelemetry's own variables say. */
  readonly endpoint?: string
  /** From 0 to 1, of the requests that come without a decision of their caller's; left out: as OpenTelemetry's own variables say, or all. */
  readonly sampleRatio?: number
}
