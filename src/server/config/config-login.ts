import { completeRedis, type RedisEntry, type RedisSettings } from './config-redis.ts'

/** The login in the browser as written. */
export interface LoginEntry {
  readonly publicUrl: string
  readonly clientId: string
  readonly clientSecretFile?: string
  readonly cookieKeyFile?: string
  readonly scope?: string
  readonly sessionHours: number
  readonly redis?: RedisEntry
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
  /** Null: sessions are kept in the browsers' cookies. */
  readonly redis: RedisSettings | null
}

/** The login as the file means it. */
export function completeLogin(entry: LoginEntry, audiences: readonly string[]): LoginSettings {
  const { publicUrl, clientId, clientSecretFile = null, cookieKeyFile = null, sessionHours, redis } = entry
  const audience = audiences.find((name) => name.startsWith('api://')) ?? audiences[0]
  const { scope = `${audience}/.default` } = entry
  const { origin, pathname } = new URL(publicUrl)
  const store = redis === undefined ? null : completeRedis(redis)
  return {
    publicUrl: `${origin}${pathname.replace(/\/$/, '')}`,
    clientId,
    clientSecretFile,
    cookieKeyFile,
    scope,
    sessionHours,
    redis: store,
  }
}
