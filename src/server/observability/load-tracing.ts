import type { Config } from '../config/config-types.ts'
import type { Tracing } from './tracing.ts'

/** What traces requests; null where that is not configured, and none of it is loaded. */
export async function loadTracing({ tracing, outbound }: Pick<Config, 'tracing' | 'outbound'>): Promise<Tracing | null> {
  if (tracing === undefined) return null
  const { openTracing } = await import('./open-tracing.ts')
  return openTracing(tracing, outbound?.caFile ?? null)
}
