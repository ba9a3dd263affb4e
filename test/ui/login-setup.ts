import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { type Application, registerApplication, requestToken } from '../fakes/entra.ts'
import { type EntraLogin, type Person, person, startEntraLogin } from '../fakes/entra-login.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { lastingPort } from '../harness/program.ts'
import { type RunningProxy, startProxy } from '../harness/proxy.ts'
import { type Furniture, furnish } from './ui-seeds.ts'

/** A real MLflow behind a proxy to which people log in: Anna in acc, Bo in all environments, Dan in none. */
export interface LoginSetup {
  readonly proxy: RunningProxy
  readonly entra: EntraLogin
  /** An application in acc. */
  readonly trainer: Application
  readonly acc: Furniture
  close(): Promise<void>
}

interface LoginSetupOptions {
  readonly version?: string
  readonly basePath?: string
  /** Besides Anna, Bo and Dan. */
  readonly others?: readonly Person[]
  readonly promotions?: readonly object[]
}

/** Starts them all. */
export async function startLoginSetup(options: LoginSetupOptions = {}): Promise<LoginSetup> {
  const { version = newestMlflow, basePath = '', others = [], promotions = [] } = options
  const port = await lastingPort()
  const publicUrl = `http://127.0.0.1:${port}${basePath}`
  const people = [
    person('Anna Ek', 'apps_acc'),
    person('Bo Lind', 'apps_acc', 'apps_prod'),
    person('Dan Roos', 'cooks'),
    ...others,
  ]
  const trainer = registerApplication('apps_acc')
  const entra = await startEntraLogin({ publicUrl, people, applications: [trainer] })
  const mlflow = await startMlflow({ version })
  const folder = mkdtempSync(join(tmpdir(), 'login-'))
  writeFileSync(join(folder, 'secret'), entra.clientSecret)
  const { tenantId, audience, authority, clientId } = entra
  const login = { publicUrl, clientId, clientSecretFile: join(folder, 'secret') }
  const authentication = { mode: 'bearer', entra: { tenantId, audiences: [audience], authority }, login }
  const proxy = await startProxy({
    upstream: mlflow.url,
    issuer: entra,
    port,
    settings: { listen: { host: '127.0.0.1', port, basePath }, authentication, promotions },
  })
  const acc = await furnish({ url: publicUrl, token: await requestToken(entra, trainer) }, 'acc')
  const close = async () => {
    await proxy.close()
    await Promise.all([mlflow.close(), entra.close()])
    rmSync(folder, { recursive: true, force: true })
  }
  return { proxy, entra, trainer, acc, close }
}
