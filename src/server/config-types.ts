import type { Landscape } from '../policy/environment.ts'

/** The configuration after validation: frozen, complete, and never changed afterwards. */
export interface Config extends Landscape {
  readonly listen: { readonly host: string; readonly port: number }
  readonly admin: { readonly host: string; readonly port: number }
  readonly upstream: {
    /** Origin and optional path prefix, without a trailing slash. */
    readonly url: string
    readonly kind: 'mlflow'
    readonly credentials:
      | { readonly mode: 'none' }
      | { readonly mode: 'passthrough' }
      | { readonly mode: 'token'; readonly file: string }
  }
  readonly authentication: {
    readonly mode: 'bearer'
    readonly entra: { readonly tenantId: string; readonly audiences: readonly string[]; readonly authority: string }
  }
  /** The key that seals page tokens: 32 bytes from `paging.keyFile`, or null to make one at start. */
  readonly paging: { readonly keyFile: string | null }
  /** What happens to a request field that no supported MLflow version has. */
  readonly unknownFields: 'refuse' | 'forward'
  /** Seconds between "not ready" and the end of listening, in which load balancers take the proxy out. */
  readonly shutdown: { readonly drainSeconds: number }
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' }
}
