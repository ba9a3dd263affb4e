import { createClient, type RedisClientType } from '@redis/client'
import { secureContextOf } from '../config/certificates.ts'
import type { RedisSettings } from '../config/config-login.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { readPasswordFile } from '../config/secret-file.ts'

export type RedisClient = RedisClientType<Record<never, never>, Record<never, never>, Record<never, never>, 2>

/** Milliseconds for a connection. */
const timeout = 2_000

function socketOf({ host, port, tls }: RedisSettings, outbound: Outbound | undefined) {
  const common = { host, port, connectTimeout: timeout }
  if (!tls) return common
  const secureContext = secureContextOf(outbound)
  return { ...common, tls: true as const, servername: host, ...(secureContext === null ? {} : { secureContext }) }
}

/** A client that connects, and connects again whenever it must; `tell` hears of each failure, and of each success by null. */
export function connectToRedis(
  settings: RedisSettings,
  outbound: Outbound | undefined,
  tell: (error: unknown) => void,
): RedisClient {
  const { database, username, passwordFile } = settings
  const credentials = async () => ({
    ...(username === null ? {} : { username }),
    ...(passwordFile === null ? {} : { password: readPasswordFile(passwordFile) }),
  })
  const client = createClient({
    RESP: 2,
    database,
    socket: socketOf(settings, outbound),
    // What was not done in time must not be done later.
    disableOfflineQueue: true,
    pingInterval: 30_000,
    credentialsProvider: { type: 'async-credentials-provider', credentials },
  })
  client.on('error', tell)
  client.on('ready', () => tell(null))
  // Its errors are events, and it tries again by itself.
  client.connect().catch(() => {})
  return client
}
