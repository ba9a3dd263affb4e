import type { LoginEntry } from './config-login.ts'
import type { Finding } from './config-problem.ts'
import { type RedisEntry, redisUrls } from './config-redis.ts'
import { checkReadable } from './credential-checks.ts'
import { readPasswordFile } from './secret-file.ts'

/** What the schema cannot say about where sessions are kept. */
export function checkRedis(path: readonly string[], { redis, cookieKeyFile }: LoginEntry): Finding[] {
  if (redis === undefined) return []
  return [
    ...checkPlace(path, redis),
    ...(cookieKeyFile === undefined
      ? [{ path, message: 'keeps sessions that only their key opens; write cookieKeyFile, which all replicas share' }]
      : []),
    ...checkReadable([...path, 'passwordFile'], readPasswordFile, redis.passwordFile),
    ...checkReadable([...path, 'sentinel', 'passwordFile'], readPasswordFile, redis.sentinel?.passwordFile),
  ]
}

/** Which servers; the file may say it in one way alone. */
function checkPlace(path: readonly string[], entry: RedisEntry): Finding[] {
  const { url, cluster, sentinel } = entry
  if ([url, cluster, sentinel].filter((place) => place !== undefined).length !== 1)
    return [{ path, message: 'needs one of url (a server), cluster and sentinel, to say which servers there are' }]
  const one = url === undefined ? [] : [{ path: [...path, 'url'], problem: findProblem(url, true) }]
  const lists = [
    ...(cluster ?? []).map((each, index) => ({ path: [...path, 'cluster', index], problem: findProblem(each, false) })),
    ...(sentinel?.urls ?? []).map((each, index) => ({
      path: [...path, 'sentinel', 'urls', index],
      problem: findProblem(each, false),
    })),
  ]
  const found = [...one, ...lists].flatMap(({ path: place, problem }) =>
    problem === null ? [] : [{ path: place, message: problem }],
  )
  const schemes = new Set(redisUrls(entry).map((each) => each.split(':')[0]))
  const mixed = found.length === 0 && schemes.size > 1
  return mixed ? [{ path, message: 'has servers with and without TLS; write rediss:// for all of them, or for none' }] : found
}

/** The text is not repeated: it may hold a password. */
function findProblem(text: string, mayHaveDatabase: boolean): string | null {
  const instead = 'write for example rediss://valkey.example.com:6379'
  if (!/^rediss?:\/\/[!-~]+$/.test(text) || !URL.canParse(text)) return `is not a redis:// or rediss:// URL; ${instead}`
  if (text.includes('@')) return 'must not contain a user name or password; write username and passwordFile'
  const { hostname, pathname, search, hash } = new URL(text)
  const path = mayHaveDatabase ? /^(\/\d{0,3})?$/ : /^\/?$/
  if (hostname === '' || search !== '' || hash !== '' || !path.test(pathname))
    return `has more than a host${mayHaveDatabase ? ', a port and the number of a database' : ' and a port'}; ${instead}`
  return null
}
