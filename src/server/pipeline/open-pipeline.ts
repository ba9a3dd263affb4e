import type { Logger } from 'pino'
import { usesCatalog } from '../../policy/environments/environment.ts'
import type { Config } from '../config/config-types.ts'
import { AzureStorage } from '../databricks/storage/databricks-store.ts'
import { WorkspaceArtifacts } from '../databricks/workspace-artifacts.ts'
import { type Clock, processClock } from '../facts/clock.ts'
import { Facts } from '../facts/facts.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { PageTokens } from './page-tokens.ts'
import { Pipeline } from './pipeline.ts'
import type { PromotionLocks } from './promotion-locks.ts'
import { CatalogRegistrar } from './strategies/catalog-registration.ts'
import { Forward } from './strategies/forward.ts'
import { Search } from './strategies/search.ts'
import { StoredFiles } from './strategies/stored-files.ts'
import { UnfinishedVersions } from './unfinished-versions.ts'

/** What it is opened with. */
interface OpenPipelineParts {
  readonly config: Config
  readonly log: Logger
  readonly upstream: Upstream
  readonly tokens: PageTokens
  readonly auditFailing: () => string | null
  readonly metrics: Pick<Metrics, 'traffic'>
  /** Left out: the process's own. */
  readonly clock?: Clock
  /** The process's own, whatever its configuration. */
  readonly promotions: PromotionLocks
}

/** The pipeline with its strategies, and the client of a workspace's artifacts; null if MLflow serves them itself. */
export function openPipeline(parts: OpenPipelineParts) {
  const { config, log, upstream, tokens, promotions, auditFailing, metrics, clock = processClock } = parts
  const facts = new Facts(upstream, clock, metrics.traffic.noteCache)
  const unfinished = new UnfinishedVersions(upstream, () => facts.forgetVersions())
  const forward = new Forward(upstream, facts, tokens, unfinished)
  const search = new Search(upstream, facts, tokens, unfinished)
  const inCatalog = usesCatalog(config)
  const storage =
    config.kind === 'databricks' ? new AzureStorage(config.upstream.storageHosts, undefined, inCatalog, config.outbound) : null
  const artifacts = storage === null ? null : new WorkspaceArtifacts(upstream, storage)
  const registrar = artifacts !== null && inCatalog ? new CatalogRegistrar(upstream, facts, artifacts, log) : null
  const stored = artifacts === null ? null : new StoredFiles(artifacts)
  const own = [search, stored, registrar].filter((strategy) => strategy !== null)
  const close = async () => {
    await registrar?.close()
    await storage?.close()
  }
  const settled = async () => registrar?.settled()
  return {
    pipeline: new Pipeline({ config, upstream, facts, clock, promotions, forward, own, auditFailing }),
    artifacts,
    settled,
    close,
  }
}
