import { randomBytes } from 'node:crypto'
import type { Authenticator } from '../auth/authenticate.ts'
import type { LoginSettings, RedisSettings } from '../config/config-login.ts'
import type { Config } from '../config/config-types.ts'
import { readKeyFile } from '../config/secret-file.ts'
import { IssuerClient } from './issuer-client.ts'
import { Logins } from './logins.ts'
import type { TokenCheck } from './open-session.ts'
import { RedisLink, type ReportStore } from './redis-link.ts'
import { RedisSessions } from './redis-sessions.ts'
import { Renewals, type ReportRenewal } from './renewals.ts'
import { Seal } from './seal.ts'
import { SealedSessions, type SessionStore } from './session-store.ts'

/** What the login consists of, for all ports. */
export interface LoginParts {
  readonly config: Config
  readonly settings: LoginSettings
  readonly check: TokenCheck
  readonly attempts: Seal
  readonly store: SessionStore
  readonly issuer: IssuerClient
  readonly renewals: Renewals
  readonly logins: Logins
  /** Milliseconds since 1970. */
  readonly now: () => number
  close(): Promise<void>
}

function passesTokens({ upstream: { credentials, credentialsOf = {} } }: Config): boolean {
  return [credentials, ...Object.values(credentialsOf)].some(({ mode }) => mode === 'passthrough')
}

/** Where sessions are kept; begins to connect, so that operators hear at start what is wrong. */
function openStore(
  { redis }: LoginSettings,
  tenantId: string,
  seal: Seal,
  link: (redis: RedisSettings) => RedisLink,
  now: () => number,
): SessionStore {
  if (redis === null) return new SealedSessions(seal, tenantId, now)
  const opened = link(redis)
  opened.open().catch(() => {})
  return new RedisSessions(opened, seal, redis.keyPrefix, tenantId, now)
}

/** The parts of the login that is configured; null if none is. Throws if a file cannot be read. */
export function openLogin(
  config: Config,
  authenticator: Authenticator,
  report: { readonly renewal: ReportRenewal; readonly store: ReportStore },
  now = Date.now,
): LoginParts | null {
  const { entra, login: settings } = config.authentication
  if (settings === undefined || entra === undefined) return null
  const { publicUrl, clientId, cookieKeyFile } = settings
  const key = cookieKeyFile === null ? randomBytes(32) : readKeyFile(cookieKeyFile)
  // Proxies that share a key, by mistake or for convenience, do not take each other's cookies.
  const seal = (purpose: string) => new Seal(key, `${purpose} ${publicUrl} ${clientId} ${entra.tenantId}`, now)
  const check = { config, authenticator }
  const link = (redis: RedisSettings) => new RedisLink(redis, config.outbound, report.store)
  const store = openStore(settings, entra.tenantId, seal('session'), link, now)
  const issuer = new IssuerClient(settings, entra, config.outbound)
  const renewals = new Renewals({ check, store, issuer, now, report: report.renewal })
  const logins = new Logins(store, renewals, publicUrl, passesTokens(config))
  const close = async () => {
    await Promise.all([issuer.close(), store.close()])
  }
  return { config, settings, check, attempts: seal('attempt'), store, issuer, renewals, logins, now, close }
}
