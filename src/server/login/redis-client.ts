import type { EventEmitter } from 'node:events'
import { createClient, createCluster, createSentinel, type RedisClientType } from '@redis/client'
import { secureContextOf } from '../config/certificates.ts'
import type { RedisPlace, RedisSettings } from '../config/config-redis.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { readPasswordFile } from '../config/secret-file.ts'

type Commands = RedisClientType<Record<never, never>, Record<never, never>, Record<never, never>, 2>

/** What connects to the servers, and connects again whenever it must. */
export interface RedisClient {
  /** Each is about one key: a cluster has them at different servers. */
  readonly commands: Pick<Commands, 'get' | 'set' | 'del' | 'exists' | 'getDel' | 'eval'>
  /** Whether commands can be sent now; `ready` of `events` tells when that has changed. */
  isReady(): boolean
  readonly events: EventEmitter
  destroy(): void
}

/** Milliseconds: for a connection, between two looks at who is the primary, and until a cluster is asked anew about a server that is gone. */
const times = { connect: 2_000, scan: 2_000, refresh: 1_000 } as const

type Account = Pick<RedisSettings, 'username' | 'passwordFile'>

function accountOf({ username, passwordFile }: Account) {
  const credentials = async () => ({
    ...(username === null ? {} : { username }),
    ...(passwordFile === null ? {} : { password: readPasswordFile(passwordFile) }),
  })
  return { credentialsProvider: { type: 'async-credentials-provider' as const, credentials } }
}

function socketOf({ tls }: RedisSettings, outbound: Outbound | undefined, host?: string) {
  const common = { connectTimeout: times.connect }
  if (!tls) return common
  const secureContext = secureContextOf(outbound)
  const name = host === undefined ? {} : { servername: host }
  return { ...common, tls: true as const, ...name, ...(secureContext === null ? {} : { secureContext }) }
}

/** What was not done in time must not be done later. */
const common = { disableOfflineQueue: true, pingInterval: 30_000 } as const

function openServer(
  settings: RedisSettings,
  { node, database }: RedisPlace & { kind: 'server' },
  outbound: Outbound | undefined,
) {
  const socket = { ...node, ...socketOf(settings, outbound, node.host) }
  return createClient({ RESP: 2, database, socket, ...common, ...accountOf(settings) })
}

function openCluster(settings: RedisSettings, { nodes }: RedisPlace & { kind: 'cluster' }, outbound: Outbound | undefined) {
  const own = { ...common, ...accountOf(settings) }
  const socket = socketOf(settings, outbound)
  return createCluster({
    RESP: 2,
    rootNodes: nodes.map((node) => ({ ...own, socket: { ...node, ...socket } })),
    defaults: { ...own, socket },
    topologyRefreshOnReconnectionAttemptStrategy: times.refresh,
  })
}

function openSentinel(settings: RedisSettings, place: RedisPlace & { kind: 'sentinel' }, outbound: Outbound | undefined) {
  const socket = socketOf(settings, outbound)
  return createSentinel({
    RESP: 2,
    name: place.name,
    sentinelRootNodes: [...place.nodes],
    sentinelClientOptions: { ...common, ...accountOf(place.account), socket },
    nodeClientOptions: { ...common, ...accountOf(settings), socket },
    passthroughClientErrorEvents: true,
    scanInterval: times.scan,
  })
}

/** Opens what the settings name; `tell` hears of each failure, and of each success by null. */
export function connectToRedis(
  settings: RedisSettings,
  outbound: Outbound | undefined,
  tell: (error: unknown) => void,
): RedisClient {
  const { place } = settings
  const watch = <T extends EventEmitter & { isReady: boolean; destroy(): unknown; connect(): Promise<unknown> }>(client: T) => {
    // Of each request that waits until it is ready.
    client.setMaxListeners(0)
    client.on('error', (error: unknown) => tell(causeOf(error)))
    // Of one of a cluster's servers.
    client.on('node-error', (error: unknown) => tell(error))
    client.on('ready', () => tell(null))
    // A cluster says so only here; else errors are events, and it tries again by itself.
    client.connect().then(
      () => client.emit('ready'),
      (error: unknown) => tell(causeOf(error)),
    )
    return { commands: client, isReady: () => client.isReady, events: client, destroy: () => void client.destroy() }
  }
  switch (place.kind) {
    case 'server':
      return watch(openServer(settings, place, outbound))
    case 'cluster':
      return watch(openCluster(settings, place, outbound))
    case 'sentinel':
      return watch(openSentinel(settings, place, outbound))
  }
}

/** Of an error that is wrapped in one of the library's, which says nothing of its own. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error
}
