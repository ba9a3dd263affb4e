import type { ModelRegistry, PolicyConfig, UpstreamKind } from '../../policy/environments/environment.ts'
import type { Expectation } from '../../policy/identity/claims.ts'
import type { AuditSettings } from './config-audit.ts'
import type { LoginSettings } from './config-login.ts'
import type { IssuerSettings } from './issuer-settings.ts'
import type { KeyPairFiles } from './key-pair.ts'
import type { LimitSettings } from './limit-settings.ts'
import type { Outbound } from './proxy-settings.ts'
import type { TracingSettings } from './tracing-settings.ts'
import type { Rates } from './upstream-rates.ts'
import type { UpstreamTimeouts } from './upstream-timeouts.ts'

/** An application that gets tokens from a token endpoint. It proves itself by one of its files, or by none where a caller's token is exchanged. */
export interface TokenClient {
  readonly issuer: 'entra' | 'databricks'
  readonly tokenUrl: string
  /** Null: the workspace finds the identity by the token that is exchanged. */
  readonly clientId: string | null
  readonly scope: string
  readonly clientSecretFile?: string
  /** A certificate and its private key, in PEM. */
  readonly certificateFile?: string
  /** Kubernetes' projected token. */
  readonly tokenFile?: string
}

/** The identity that Azure gives a virtual machine, or a container app. */
export interface ManagedIdentity {
  readonly endpoint: string
  /** What a container app's endpoint wants to hear; null for a virtual machine's. */
  readonly secret: string | null
  /** Null: the identity of the machine itself. */
  readonly clientId: string | null
  readonly resource: string
}

/** How the proxy shows the upstream who it is. */
export type UpstreamCredentials =
  | { readonly mode: 'none' }
  | { readonly mode: 'passthrough' }
  | { readonly mode: 'token'; readonly file: string }
  | { readonly mode: 'basic'; readonly username: string; readonly passwordFile: string }
  | ({ readonly mode: 'servicePrincipal' | 'workloadIdentity' } & TokenClient)
  | ({ readonly mode: 'onBehalfOf' } & TokenClient)
  | ({ readonly mode: 'managedIdentity' } & ManagedIdentity)

/** Credentials by which the proxy itself has a token. */
export type OwnCredentials = Exclude<UpstreamCredentials, { mode: 'none' | 'passthrough' | 'basic' | 'onBehalfOf' }>

/** TLS of the ports for callers. */
export interface ListenTls extends KeyPairFiles {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

/** The configuration after validation: frozen, complete, and never changed afterwards. */
export interface Config extends PolicyConfig {
  /** `basePath`: below which everything is, without a final slash; empty at the root. `socket`: the path of a Unix socket in place of host and port. `tls` is of all ports for callers; left out: plain HTTP. */
  readonly listen: {
    readonly host: string
    readonly port: number
    readonly basePath: string
    readonly socket?: string
    readonly tls?: ListenTls
  }
  /** `statusPage`: whether the port shows one, and whether with the names of callers and of what they asked for. */
  readonly admin: { readonly host: string; readonly port: number; readonly statusPage: 'plain' | 'names' | 'none' }
  /** Where clients that have the proxy for their `DATABRICKS_HOST` reach it; left out: there are none. */
  readonly databricksHost?: {
    readonly listen: { readonly host: string; readonly port: number } | null
    /** In lower case, without port. `environment` is the one of callers in several. */
    readonly hostNames: readonly { readonly name: string; readonly environment?: string }[]
  }
  readonly upstream: {
    /** Origin and optional path prefix, without a trailing slash. */
    readonly url: string
    readonly kind: UpstreamKind
    /** Left out: `workspace`. */
    readonly registry?: ModelRegistry
    readonly credentials: UpstreamCredentials
    /** Credentials of single environments, where they have their own. */
    readonly credentialsOf?: Readonly<Record<string, UpstreamCredentials>>
    /** The workspaces of an MLflow 3 server that environments are. */
    readonly workspaces?: Readonly<Record<string, string>>
    /** Hosts of a workspace's storage besides Azure's own, as `host` or `host:port` in lower case. */
    readonly storageHosts?: readonly string[]
    /** Requests a second that the upstream takes; left out: no limit. */
    readonly rates?: Rates
    /** Requests that it serves at once, where each has a worker of its own; left out: as its answers tell. */
    readonly workers?: number
    /** Left out: the defaults. */
    readonly timeouts?: UpstreamTimeouts
    /** The same as the configuration's. */
    readonly outbound?: Outbound
    /** The certificate that it is shown; left out: none. */
    readonly clientCertificate?: KeyPairFiles
  }
  readonly authentication: {
    /** Left out: callers bring their own tokens. Else every caller, all on this machine, is who the proxy itself is by these credentials. */
    readonly sidecar?: OwnCredentials
    /** Whose tokens are accepted: one at least. */
    readonly issuers: readonly IssuerSettings[]
    /** The first of them, where it is the proxy's own tenant of Microsoft Entra ID. */
    readonly entra?: Expectation
    /** The origin of the workspace that is asked about personal access tokens; left out: they are refused. */
    readonly databricksTokens?: string
    /** Who says in which groups a caller is whose token does not. */
    readonly directory: 'none' | 'databricks' | 'graph'
    /** How Microsoft Graph is asked, where it is the directory. */
    readonly graph?: { readonly url: string; readonly credentials: OwnCredentials }
    /** Left out: nobody logs in with a browser. */
    readonly login?: LoginSettings
  }
  /** Forward proxies and certificate authorities; left out: none of its own. */
  readonly outbound?: Outbound
  /** Processes that serve requests; what `limits` says is for all of them together. */
  readonly workers: number
  readonly limits: LimitSettings
  /** The key that seals page tokens: 32 bytes from `paging.keyFile`, or null to make one at start. */
  readonly paging: { readonly keyFile: string | null }
  /** What happens to a request field that no supported MLflow version has. */
  readonly unknownFields: 'refuse' | 'forward'
  /** Seconds between "not ready" and the end of listening, in which load balancers take the proxy out; and those that requests in flight then have. */
  readonly shutdown: { readonly drainSeconds: number; readonly finishSeconds: number }
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  readonly audit: AuditSettings
  /** Left out: requests are not traced. */
  readonly tracing?: TracingSettings
  /** Seconds between two looks at the file; 0: it is not watched. */
  readonly reload: { readonly watchSeconds: number }
  /** Whether what belongs to no environment is counted once after start. */
  readonly adoption: { readonly countAtStart: boolean }
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' }
}
