import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { describeConfig } from '../../../src/server/config/config-summary.ts'
import { load, problemsOf } from '../../fixtures/config-file.ts'

const folder = t.testdir({ key: 'f0'.repeat(32), password: 'secret' })
const key = `cookieKeyFile: "${join(folder, 'key')}"`

function content(redis: string, more = key): string {
  const entra = 'entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [a] }'
  const login = `login: { publicUrl: "https://m.example.com", clientId: c, ${more}${redis === '' ? '' : `, redis: ${redis}`} }`
  return `upstream: { url: "http://127.0.0.1:5001" }\nauthentication: { ${entra}, ${login} }\nenvironments: [acc]\n`
}

t.test('sessions are in cookies, or where the URL says', async (t) => {
  t.equal(load(content('')).authentication.login?.redis, null)
  t.match(describeConfig(load(content(''))), /login .* in cookies, sealed with the key in /)
  const config = load(content('{ url: "rediss://valkey.example.com/3", username: u }'))
  const place = { kind: 'server', node: { host: 'valkey.example.com', port: 6379 }, database: 3 }
  const settings = { place, tls: true, username: 'u', passwordFile: null, keyPrefix: 'mlflow-env-proxy:' }
  t.same(config.authentication.login?.redis, settings)
  t.match(describeConfig(config), /in Redis at valkey\.example\.com:6379, sealed with the key in /)
  const plain = load(content('{ url: "redis://[::1]:7000", keyPrefix: "a:" }'))
  t.match(plain.authentication.login?.redis, {
    place: { node: { host: '::1', port: 7000 }, database: 0 },
    tls: false,
    keyPrefix: 'a:',
  })
  t.notMatch(describeConfig(plain), /goes over the network/)
  t.match(describeConfig(load(content('{ url: "redis://valkey" }'))), /password of Redis at valkey:6379 goes over the network/)
})

t.test('sessions are in a cluster, or where sentinels say', async (t) => {
  const cluster = load(content('{ cluster: ["rediss://a", "rediss://b:7000"] }'))
  const nodes = [
    { host: 'a', port: 6379 },
    { host: 'b', port: 7000 },
  ]
  t.match(cluster.authentication.login?.redis, { place: { kind: 'cluster', nodes }, tls: true })
  t.match(describeConfig(cluster), /in the Redis cluster at a:6379, b:7000, sealed/)
  const file = join(folder, 'password')
  const watched = load(
    content(`{ sentinel: { name: main, urls: ["redis://s"], username: w, passwordFile: "${file}" }, username: u }`),
  )
  const account = { username: 'w', passwordFile: file }
  const place = { kind: 'sentinel', name: 'main', nodes: [{ host: 's', port: 26379 }], account }
  t.match(watched.authentication.login?.redis, { place, tls: false, username: 'u', passwordFile: null })
  t.match(describeConfig(watched), /in the Redis primary main of the sentinels at s:26379 \(without TLS\), sealed/)
  t.match(describeConfig(watched), /password of the Redis primary main of the sentinels at s:26379 goes over the network/)
})

t.test('wrong values are refused where they stand, and passwords in a URL are not repeated', async (t) => {
  writeFileSync(join(folder, 'empty'), '')
  const path = 'authentication.login.redis'
  const refused: [redis: string, path: string, sentence: RegExp, more?: string][] = [
    ['{}', path, /needs one of url \(a server\), cluster and sentinel/],
    ['{ url: "rediss://a", cluster: ["rediss://b"] }', path, /needs one of url/],
    ['{ cluster: ["rediss://a", "redis://b"] }', path, /with and without TLS/],
    ['{ cluster: ["rediss://a/1"] }', `${path}.cluster[0]`, /more than a host and a port/],
    ['{ sentinel: { name: m, urls: ["rediss://u:secret@s"] } }', `${path}.sentinel.urls[0]`, /must not contain a user name/],
    ['{ sentinel: { name: "a b", urls: ["rediss://s"] } }', `${path}.sentinel.name`, /letters, digits/],
    ['{ sentinel: { urls: ["rediss://s"] } }', `${path}.sentinel.name`, /missing/],
    [
      `{ sentinel: { name: m, urls: ["rediss://s"], passwordFile: "${join(folder, 'empty')}" } }`,
      `${path}.sentinel.passwordFile`,
      /is empty/,
    ],
    ['{ url: "http://valkey" }', `${path}.url`, /is not a redis:\/\/ or rediss:\/\/ URL/],
    ['{ url: "rediss://u:secret@valkey" }', `${path}.url`, /must not contain a user name or password/],
    ['{ url: "rediss://valkey/x" }', `${path}.url`, /more than a host, a port and the number of a database/],
    ['{ url: "rediss://valkey?db=1" }', `${path}.url`, /more than a host, a port and the number of a database/],
    ['{ url: "rediss://valkey", keyPrefix: "a b" }', `${path}.keyPrefix`, /letters, digits/],
    [`{ url: "rediss://valkey", passwordFile: "${join(folder, 'empty')}" }`, `${path}.passwordFile`, /is empty/],
    ['{ url: "rediss://valkey" }', path, /write cookieKeyFile, which all replicas share/, 'sessionHours: 1'],
  ]
  for (const [redis, at, sentence, more] of refused) {
    const problems = problemsOf(content(redis, more))
    t.match(problems, [{ path: at, message: sentence }], redis)
    t.notMatch(JSON.stringify(problems), /secret@/)
  }
})
