/** Before what a client is tried: a proxy, the MLflow behind it, and tokens of callers by environment. */
export interface OtherClient {
  readonly version: string
  readonly url: string
  /** Addresses of callers behind agents or sidecars of their own, by environment; their tokens do not count. */
  readonly own?: { readonly acc: string; readonly prod: string }
  readonly upstream: string
  readonly tokens: Readonly<Record<string, string>>
}
