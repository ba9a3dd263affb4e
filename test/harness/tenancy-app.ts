import { audience, tenantId } from '../fakes/issuer.ts'
import type { Tenancy } from '../fixtures/tenancy.ts'
import { type Beside, type InProcess, startInProcess } from './app.ts'

const rates = { registry: 10_000, searchRuns: 10_000, experiments: 10_000, logBatch: 10_000, other: 10_000 }

/** The proxy for a tenancy's environments in front of a server at `url`; members of `admins_<environment>` are administrators. */
export function startTenancyApp(
  { kind, config, mode }: Tenancy,
  url: string,
  authority: string,
  beside: Beside = {},
): Promise<InProcess> {
  const environments = config.environments.map(({ name, production, promotesFrom, sourcePrefixes, unityCatalogSchema }) => [
    name,
    {
      production,
      promotesFrom,
      sourcePrefixes,
      gateway: true,
      administrators: [`admins_${name}`],
      ...(unityCatalogSchema === undefined ? {} : { unityCatalogSchema }),
    },
  ])
  const workspace = { kind: 'databricks', rates, ...(kind === 'unityCatalog' ? { registry: kind } : {}) }
  const content = {
    upstream: { url, credentials: { mode: 'none' }, ...(kind === 'mlflow' ? {} : workspace) },
    authentication: { entra: { tenantId, audiences: [audience], authority } },
    environments: Object.fromEntries(environments),
    ...(mode === 'databricks' ? { databricksHost: { listen: { port: 5002 }, hostNames: [{ name: 'dbx.test' }] } } : {}),
  }
  return startInProcess(content, beside)
}
