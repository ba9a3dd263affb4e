/** The login in the browser as written. */
export interface LoginEntry {
  readonly publicUrl: string
  readonly clientId: string
  readonly clientSecretFile?: string
  readonly cookieKeyFile?: string
  readonly scope?: string
  readonly sessionHours: number
}

/** How people log in with a browser. */
export interface LoginSettings {
  /** The origin at which browsers reach the proxy. */
  readonly publicUrl: string
  readonly clientId: string
  /** Null: a public client. */
  readonly clientSecretFile: string | null
  /** Null: a key is made at start. */
  readonly cookieKeyFile: string | null
  /** Requested besides those of OpenID Connect. */
  readonly scope: string
  readonly sessionHours: number
}

/** The login as the file means it. */
export function completeLogin(entry: LoginEntry, audiences: readonly string[]): LoginSettings {
  const { publicUrl, clientId, clientSecretFile = null, cookieKeyFile = null, sessionHours } = entry
  const audience = audiences.find((name) => name.startsWith('api://')) ?? audiences[0]
  const { scope = `${audience}/.default` } = entry
  return { publicUrl: new URL(publicUrl).origin, clientId, clientSecretFile, cookieKeyFile, scope, sessionHours }
}
