/** Before what a client is tried: a proxy, the MLflow behind it, and tokens of callers by environment. */
export interface OtherClient {
  readonly version: string
  readonly url: string
  readonly upstream: string
  readonly tokens: Readonly<Record<string, string>>
}
