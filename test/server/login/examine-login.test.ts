import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { loadConfig } from '../../../src/server/config/config.ts'
import { checkLogin } from '../../../src/server/doctor/examine-login.ts'
import { type EntraLogin, startEntraLogin } from '../../fakes/entra-login.ts'

const publicUrl = 'https://mlflow.example.com'
const entra = await startEntraLogin({ publicUrl, people: [] })
const folder = mkdtempSync(join(tmpdir(), 'examine-login-'))
t.teardown(async () => {
  rmSync(folder, { recursive: true, force: true })
  await entra.close()
})

async function examine({ authority, tenantId, audience, clientId, clientSecret }: EntraLogin, more: object = {}) {
  writeFileSync(join(folder, 'secret'), clientSecret)
  const login = { publicUrl, clientId, clientSecretFile: 'secret', ...more }
  const authentication = { entra: { tenantId, audiences: [audience], authority }, login }
  const content = { upstream: { url: 'http://127.0.0.1:9' }, authentication, environments: ['acc'] }
  writeFileSync(join(folder, 'proxy.yaml'), stringify(content))
  const found: string[] = []
  for await (const { weight, code } of checkLogin(loadConfig(join(folder, 'proxy.yaml'), {}))) found.push(`${weight} ${code}`)
  return found
}

t.test('the doctor tells a good registration from a wrong secret, address or issuer', async (t) => {
  t.strictSame(await examine(entra), ['fine login'])
  t.strictSame(await examine({ ...entra, clientSecret: 'expired' }), ['problem login-client'])
  t.strictSame(await examine(entra, { clientId: '66666666-7777-8888-9999-000000000000' }), ['problem login-client'])
  t.strictSame(await examine(entra, { publicUrl: 'https://other.example.com' }), ['note login-redirect'])
  const redis = { url: 'rediss://localhost:9' }
  writeFileSync(join(folder, 'key'), 'f0'.repeat(32))
  t.strictSame(await examine(entra, { cookieKeyFile: 'key', redis }), ['fine login', 'problem login-redis'])
  t.strictSame(await examine({ ...entra, authority: 'http://127.0.0.1:9' }), ['problem login-unreachable'])
})
