import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Refusal } from '../../policy/reasons.ts'
import type { Config } from '../config/config-types.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** Milliseconds between attempts while the workspace does not answer. */
const interval = 10_000

/** An environment whose credentials the proxy can use by itself; null if only callers' tokens open the workspace. */
function environmentWithCredentials({ upstream, environments }: Config): string | null {
  const { credentials, credentialsOf = {} } = upstream
  return environments.find(({ name }) => (credentialsOf[name] ?? credentials).mode !== 'passthrough')?.name ?? null
}

/**
 * Checks, when a Databricks workspace first answers, whether it has the configured registry, and warns if it does not, or if it blocks
 * the proxy. This also yields the workspace's number.
 */
export async function noteRegistry(
  config: Config,
  upstream: Upstream,
  log: Pick<Logger, 'warn'>,
  stop: AbortSignal,
): Promise<void> {
  const environment = upstream.kind === 'databricks' ? environmentWithCredentials(config) : null
  for (let tries = 1; environment !== null && !stop.aborted; tries++) {
    try {
      const caller = { authorization: null, environment }
      const { status } = await upstream.lookUp('/api/2.0/mlflow/registered-models/search', { max_results: '1' }, caller)
      if (status < 500 && status !== 429) return
    } catch (error) {
      const isAbsent = error instanceof Refusal && error.reason === 'registry-absent'
      if (error instanceof Refusal && (isAbsent || tries === 1)) log.warn({ cause: error.cause }, error.message)
      if (isAbsent) return
    }
    await pause(interval, undefined, { ref: false, signal: stop }).catch(() => undefined)
  }
}
