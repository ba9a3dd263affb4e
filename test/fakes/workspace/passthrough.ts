import { type InProcess, startInProcess } from '../../harness/app.ts'
import { type TestIssuer, tenantId } from '../issuer.ts'
import { databricksAudience, databricksClaims } from './authenticate.ts'
import { plentyOfRates } from './guarded-workspace.ts'
import { startWorkspace, type Workspace, type WorkspaceOptions } from './start-workspace.ts'

/** The proxy before a workspace that callers may enter with their own tokens. */
export interface Passthrough {
  readonly workspace: Workspace
  readonly app: InProcess
  /** Makes a member of the workspace, of the object id that ends with the digit, who may use the environments of `roles`. */
  tokenOf(name: string, digit: number, roles?: readonly string[]): Promise<string>
  close(): Promise<void>
}

/** What the proxy is told besides the workspace and the issuer, as the configuration says it. */
export interface PassthroughSettings {
  readonly environments: object
  readonly upstream?: object
  readonly databricksHost?: object
  readonly promotions?: readonly object[]
}

/** Starts both. MLflow and the issuer are the caller's, to close. */
export async function startPassthrough(
  options: WorkspaceOptions & { readonly issuer: TestIssuer },
  { upstream = {}, ...settings }: PassthroughSettings,
): Promise<Passthrough> {
  const { issuer } = options
  const workspace = await startWorkspace(options)
  const storageHosts = [new URL(workspace.storage.sign('x', 'read', 60)).host]
  const shown = {
    url: workspace.url,
    kind: 'databricks',
    credentials: { mode: 'passthrough' },
    storageHosts,
    rates: plentyOfRates,
  }
  const app = await startInProcess({
    upstream: { ...shown, ...upstream },
    authentication: { entra: { tenantId, audiences: [databricksAudience], authority: issuer.authority } },
    ...settings,
  })
  return {
    workspace,
    app,
    tokenOf: (name, digit, roles = [`apps_${name}`]) => {
      const member = { objectId: `00000000-0000-4000-8000-00000000000${digit}`, name, groups: ['admins'] }
      workspace.add(member)
      return issuer.token({ ...databricksClaims(member, tenantId), roles: [...roles] })
    },
    close: async () => {
      await app.close()
      await workspace.close()
    },
  }
}
