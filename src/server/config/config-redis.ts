/** Servers of Redis or Valkey as written: one of `url`, `cluster` and `sentinel`. */
export interface RedisEntry {
  readonly url?: string
  readonly cluster?: readonly string[]
  readonly sentinel?: SentinelEntry
  readonly username?: string
  readonly passwordFile?: string
  readonly keyPrefix: string
}

/** Sentinels as written. */
interface SentinelEntry {
  readonly name: string
  readonly urls: readonly string[]
  readonly username?: string
  readonly passwordFile?: string
}

export interface RedisNode {
  readonly host: string
  readonly port: number
}

/** Who asks for a password, and whom it is said to. */
interface RedisAccount {
  /** Null: the server's default user. */
  readonly username: string | null
  /** Null: the server asks for none. */
  readonly passwordFile: string | null
}

/** Which server a key is at. */
export type RedisPlace =
  | { readonly kind: 'server'; readonly node: RedisNode; readonly database: number }
  /** Some of its servers, which know the others. */
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisNode[] }
  /** Those who know the primary of this name. */
  | { readonly kind: 'sentinel'; readonly name: string; readonly nodes: readonly RedisNode[]; readonly account: RedisAccount }

/** Where replicas keep sessions together. */
export interface RedisSettings extends RedisAccount {
  readonly place: RedisPlace
  readonly tls: boolean
  readonly keyPrefix: string
}

/** The URLs of an entry, wherever they are. */
export function redisUrls({ url, cluster = [], sentinel }: RedisEntry): readonly string[] {
  return [...(url === undefined ? [] : [url]), ...cluster, ...(sentinel?.urls ?? [])]
}

function nodeOf(url: string, usualPort: number): RedisNode {
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || usualPort) }
}

function placeOf({ url, cluster, sentinel }: RedisEntry): RedisPlace {
  if (sentinel !== undefined) {
    const { name, urls, username = null, passwordFile = null } = sentinel
    return { kind: 'sentinel', name, nodes: urls.map((each) => nodeOf(each, 26_379)), account: { username, passwordFile } }
  }
  if (cluster !== undefined) return { kind: 'cluster', nodes: cluster.map((each) => nodeOf(each, 6_379)) }
  const only = url ?? ''
  return { kind: 'server', node: nodeOf(only, 6_379), database: Number(new URL(only).pathname.slice(1)) }
}

/** The servers as the file means them. */
export function completeRedis(entry: RedisEntry): RedisSettings {
  const { username = null, passwordFile = null, keyPrefix } = entry
  const tls = redisUrls(entry).every((each) => each.startsWith('rediss:'))
  return { place: placeOf(entry), tls, username, passwordFile, keyPrefix }
}

/** Every server or sentinel that the file names. */
export function redisNodes({ place }: Pick<RedisSettings, 'place'>): readonly RedisNode[] {
  return place.kind === 'server' ? [place.node] : place.nodes
}

/** What people call them. */
export function nameRedis({ place }: Pick<RedisSettings, 'place'>): string {
  const nodes = redisNodes({ place }).map(({ host, port }) => `${host}:${port}`)
  switch (place.kind) {
    case 'server':
      return `Redis at ${nodes}`
    case 'cluster':
      return `the Redis cluster at ${nodes.join(', ')}`
    case 'sentinel':
      return `the Redis primary ${place.name} of the sentinels at ${nodes.join(', ')}`
  }
}
