import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Application, registerApplication, requestToken } from '../test/fakes/entra.ts'
import { type EntraLogin, person, startEntraLogin } from '../test/fakes/entra-login.ts'
import type { Workspace } from '../test/fakes/workspace/start-workspace.ts'
import { type MlflowServer, startMlflow } from '../test/harness/mlflow-server.ts'
import { lastingPort } from '../test/harness/program.ts'
import { type RunningProxy, startProxy } from '../test/harness/proxy.ts'
import { showStep } from './progress.ts'
import { mlflowVersion } from './python-script.ts'
import { members, startDemoWorkspace, upstreamSection } from './workspace.ts'

/** Everything the demo needs: MLflow, optionally a workspace in front of it, the proxy, an issuer, and one application per environment. */
export interface Surroundings {
  readonly mlflow: MlflowServer
  readonly workspace: Workspace | null
  readonly proxy: RunningProxy
  readonly entra: EntraLogin
  readonly applications: Readonly<Record<string, Application>>
  /** Access tokens, by environment. */
  readonly tokens: Readonly<Record<string, string>>
}

/** Called with a function that stops each thing as soon as it has started; they must be called in reverse order. */
export type Keeper = (end: () => Promise<void>) => void

async function kept<T extends { close(): Promise<void> }>(keep: Keeper, starting: Promise<T>): Promise<T> {
  const started = await starting
  keep(() => started.close())
  return started
}

const applications = {
  acc: registerApplication('apps_acc'),
  preprod: registerApplication('apps_preprod'),
  prod: registerApplication('apps_prod'),
}

/** Who can log in with a browser. */
const people = [
  person('Anna Ek', 'apps_acc'),
  person('Bo Lind', 'apps_acc', 'apps_preprod', 'apps_prod'),
  person('Cleo Berg', 'apps_prod'),
]

/** The proxy's settings for people with a browser. */
function loginSection({ authority, tenantId, audience, clientId, clientSecret }: EntraLogin, publicUrl: string) {
  const clientSecretFile = join(mkdtempSync(join(tmpdir(), 'login-')), 'secret')
  writeFileSync(clientSecretFile, clientSecret)
  const login = { publicUrl, clientId, clientSecretFile }
  return { authentication: { mode: 'bearer', entra: { tenantId, audiences: [audience], authority }, login } }
}

async function requestTokens(entra: EntraLogin): Promise<Record<string, string>> {
  const requests = Object.entries(applications).map(async ([name, application]) => [name, await requestToken(entra, application)])
  return Object.fromEntries(await Promise.all(requests))
}

/** Starts everything and shows the progress. */
export async function startSurroundings(keep: Keeper, databricks: boolean): Promise<Surroundings> {
  const mlflow = await showStep(`an MLflow ${mlflowVersion} server starts`, kept(keep, startMlflow({ version: mlflowVersion })))
  const port = await lastingPort()
  const publicUrl = `http://127.0.0.1:${port}`
  const registered = [...Object.values(applications), ...Object.values(members)]
  const entra = await showStep(
    'a local stand-in for Entra ID starts',
    kept(keep, startEntraLogin({ publicUrl, people, applications: registered })),
  )
  const workspace = databricks
    ? await showStep('a stand-in for a Databricks workspace starts, and Azurite', kept(keep, startDemoWorkspace(mlflow, entra)))
    : null
  const settings = { ...loginSection(entra, publicUrl), ...(workspace === null ? {} : { upstream: upstreamSection(workspace) }) }
  const proxy = await showStep(
    'the proxy starts',
    kept(keep, startProxy({ upstream: mlflow.url, issuer: entra, port, settings })),
  )
  const tokens = await showStep('three applications ask for their access tokens', requestTokens(entra))
  return { mlflow, workspace, proxy, entra, applications, tokens }
}
