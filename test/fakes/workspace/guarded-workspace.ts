import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MlflowServer, startMlflow } from '../../harness/mlflow-server.ts'
import { type Authority, startAuthority } from '../authority.ts'
import { startIssuer, type TestIssuer, tenantId } from '../issuer.ts'
import { databricksClaims } from './authenticate.ts'
import { startWorkspace, type Workspace, type WorkspaceOptions } from './start-workspace.ts'

const scope = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default'

/** What a proxy is told, to stand before the workspace. */
interface GuardedSettings {
  readonly upstream: Readonly<Record<string, unknown>>
  readonly issuer: { readonly authority: string; readonly tenantId: string; readonly audience: string }
}

/** A workspace that only the proxy has an identity in: callers' tokens are for the proxy, and worth nothing there. */
export interface GuardedWorkspace {
  readonly mlflow: MlflowServer
  readonly workspace: Workspace
  readonly issuer: TestIssuer
  readonly authority: Authority
  readonly settings: GuardedSettings
  /** A caller's token, as the proxy takes it; `claims` replace members of an application's. */
  token(claims: Readonly<Record<string, unknown>>): Promise<string>
  close(): Promise<void>
}

/** More than any test asks for in a second. */
export const plentyOfRates = { registry: 1000, searchRuns: 1000, experiments: 1000, logBatch: 1000, other: 1000 }

const principal = { objectId: '00000000-0000-4000-8000-0000000000ff', name: 'client-of-the-proxy', groups: ['admins'] }

function startTokenEndpoint(issuer: TestIssuer, secret: string): Promise<Authority> {
  return startAuthority(issuer, async (form) => {
    if (form.client_id !== principal.name || form.client_secret !== secret || form.scope !== scope) return null
    return { token: await issuer.token(databricksClaims(principal, tenantId)), seconds: 3_600 }
  })
}

/** Starts MLflow, unless it is given, the workspace before it and the authority; closes what it started where one of them fails. */
export async function startGuardedWorkspace(
  options: Pick<WorkspaceOptions, 'storage'> & Partial<WorkspaceOptions> & { readonly mlflow?: MlflowServer },
): Promise<GuardedWorkspace> {
  const folder = mkdtempSync(join(tmpdir(), 'guarded-'))
  const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end()
  }
  try {
    const issuer = await startIssuer()
    ends.push(() => issuer.close())
    const mlflow = options.mlflow ?? (await startMlflow({ version: '3.17.2' }))
    if (options.mlflow === undefined) ends.push(() => mlflow.close())
    const workspace = await startWorkspace({ ...options, mlflow, issuer })
    ends.push(() => workspace.close())
    workspace.add(principal)
    const secret = randomUUID()
    const authority = await startTokenEndpoint(issuer, secret)
    ends.push(() => authority.close())
    const clientSecretFile = join(folder, 'secret')
    writeFileSync(clientSecretFile, secret)
    const credentials = { mode: 'servicePrincipal', clientId: principal.name, clientSecretFile }
    const storageHosts = [new URL(workspace.storage.sign('x', 'read', 60)).host]
    const upstream = { url: workspace.url, kind: 'databricks', credentials, storageHosts, rates: plentyOfRates }
    const settings = { upstream, issuer: { authority: authority.url, tenantId, audience: issuer.audience } }
    const token = (claims: object) => issuer.token({ iss: `${authority.url}/${tenantId}/v2.0`, ...claims })
    return { mlflow, workspace, issuer, authority, settings, token, close }
  } catch (error) {
    await close()
    throw error
  }
}
