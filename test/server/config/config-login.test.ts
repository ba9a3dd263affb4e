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
  const settings = { host: 'valkey.example.com', port: 6379, database: 3, tls: true, username: 'u', passwordFile: null }
  t.same(config.authentication.login?.redis, { ...settings, keyPrefix: 'mlflow-env-proxy:' })
  t.match(describeConfig(config), /in Redis at valkey\.example\.com:6379, sealed with the key in /)
  const plain = load(content('{ url: "redis://[::1]:7000", keyPrefix: "a:" }'))
  t.match(plain.authentication.login?.redis, { host: '::1', port: 7000, database: 0, tls: false, keyPrefix: 'a:' })
  t.notMatch(describeConfig(plain), /goes over the network/)
  t.match(describeConfig(load(content('{ url: "redis://valkey" }'))), /password of Redis at valkey goes over the network/)
})

t.test('wrong values are refused where they stand, and passwords in a URL are not repeated', async (t) => {
  writeFileSync(join(folder, 'empty'), '')
  const path = 'authentication.login.redis'
  const refused: [redis: string, path: string, sentence: RegExp, more?: string][] = [
    ['{}', `${path}.url`, /missing/],
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
