import type { Authenticator } from '../auth/authenticate.ts'
import type { LoginSettings } from '../config/config-login.ts'
import type { Config } from '../config/config-types.ts'
import { readKeyFile } from '../config/secret-file.ts'
import { cookiesBelow } from './cookies.ts'
import { IssuerClient } from './issuer-client.ts'
import type { LoginMemory } from './login-memory.ts'
import { Logins } from './logins.ts'
import type { ReportLogout } from './logout-refusal.ts'
import { type OneTimeCodes, SealedCodes } from './one-time-codes.ts'
import type { TokenCheck } from './open-session.ts'
import { basePathOf } from './own-path.ts'
import { RedisCodes } from './redis-codes.ts'
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
  /** Below which everything is; empty at the root. */
  readonly basePath: string
  readonly cookies: ReturnType<typeof cookiesBelow>
  readonly attempts: Seal
  readonly store: SessionStore
  readonly codes: OneTimeCodes
  readonly issuer: IssuerClient
  readonly renewals: Renewals
  readonly logins: Logins
  /** Hears what became of a logout at the issuer. */
  readonly reportLogout: ReportLogout
  /** Milliseconds since 1970. */
  readonly now: () => number
  close(): Promise<void>
}

function passesTokens({ upstream: { credentials, credentialsOf = {} } }: Config): boolean {
  return [credentials, ...Object.values(credentialsOf)].some(({ mode }) => mode === 'passthrough')
}

interface Place {
  readonly config: Config
  readonly settings: LoginSettings
  readonly tenantId: string
  readonly seal: (purpose: string) => Seal
  readonly cookies: LoginParts['cookies']
  readonly memory: LoginMemory
  readonly now: () => number
}

/** What there is of a login outside of the issuer. */
type Kept = Pick<LoginParts, 'store' | 'codes'>

/** Where sessions are kept; begins to connect, so that operators hear at start what is wrong. */
function openStore({ config, settings, tenantId, seal, cookies, memory, now }: Place, report: ReportStore): Kept {
  const { redis } = settings
  const [sessions, codes] = [seal('session'), seal('code')]
  if (redis === null)
    return {
      store: new SealedSessions(cookies.session, sessions, tenantId, memory, now),
      codes: new SealedCodes(codes, memory, now),
    }
  const link = new RedisLink(redis, config.outbound, report)
  link.open().catch(() => {})
  const { keyPrefix } = redis
  return {
    store: new RedisSessions(cookies.session, link, sessions, keyPrefix, tenantId, now),
    codes: new RedisCodes(link, codes, keyPrefix, now),
  }
}

/** The parts of the login that is configured; null if none is. Throws if a file cannot be read. */
export function openLogin(
  config: Config,
  authenticator: Authenticator,
  memory: LoginMemory,
  report: { readonly renewal: ReportRenewal; readonly store: ReportStore; readonly logout: ReportLogout },
  now = Date.now,
): LoginParts | null {
  const { entra, login: settings } = config.authentication
  if (settings === undefined || entra === undefined) return null
  const { publicUrl, clientId, cookieKeyFile } = settings
  const key = cookieKeyFile === null ? memory.key : readKeyFile(cookieKeyFile)
  // Proxies that share a key, by mistake or for convenience, do not take each other's cookies.
  const seal = (purpose: string) => new Seal(key, `${purpose} ${publicUrl} ${clientId} ${entra.tenantId}`, now)
  const check = { config, authenticator }
  const basePath = basePathOf(publicUrl)
  const cookies = cookiesBelow(basePath)
  const { store, codes } = openStore({ config, settings, tenantId: entra.tenantId, seal, cookies, memory, now }, report.store)
  const issuer = new IssuerClient(settings, entra, config.outbound)
  const renewals = new Renewals({ check, store, issuer, now, report: report.renewal })
  const logins = new Logins(cookies.session, store, renewals, publicUrl, passesTokens(config))
  const close = async () => {
    await Promise.all([issuer.close(), store.close()])
  }
  return {
    config,
    settings,
    check,
    basePath,
    cookies,
    attempts: seal('attempt'),
    store,
    codes,
    issuer,
    renewals,
    logins,
    reportLogout: report.logout,
    now,
    close,
  }
}
