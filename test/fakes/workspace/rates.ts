import { DatabricksError } from './answer.ts'

/** Requests a second of the whole workspace, by group of routes; a group that is left out is not limited. */
export interface Rates {
  /** Experiments: list, update, delete, restore. */
  readonly experimentManagement?: number
  readonly searchRuns?: number
  readonly logBatch?: number
  readonly tracking?: number
  readonly registry?: number
  /** Of each foundation model that is paid for by its tokens. */
  readonly foundationModels?: number
}

function groupOf(path: string): keyof Rates | null {
  if (/^\/serving-endpoints\/databricks-[^/]+\/invocations$/.test(path)) return 'foundationModels'
  const place = /^\/api\/2\.0\/mlflow\/(.*)$/.exec(path)?.[1]
  if (place === undefined) return null
  if (/^(?:databricks\/)?(?:registered-models|model-versions|transition-requests|comments|registry-webhooks)\//.test(place))
    return 'registry'
  if (/^experiments\/(?:list|update|delete|restore)$/.test(place)) return 'experimentManagement'
  if (place === 'runs/search') return 'searchRuns'
  if (place === 'runs/log-batch') return 'logBatch'
  return 'tracking'
}

/** Counts requests by the second; one too many throws 429 with Retry-After, before anything was done (facts 90, 91 and 97). */
export function makeRateLimit(rates: Rates): (path: string) => void {
  const counts = new Map<string, { second: number; count: number }>()
  return (path) => {
    const group = groupOf(path)
    const most = group === null ? undefined : rates[group]
    if (group === null || most === undefined) return
    const second = Math.floor(Date.now() / 1000)
    const before = counts.get(group)
    const count = before?.second === second ? before.count + 1 : 1
    counts.set(group, { second, count })
    if (count <= most) return
    const message = `Rate limit of ${most} requests per second exceeded: too many 429 error responses.`
    throw new DatabricksError(429, 'REQUEST_LIMIT_EXCEEDED', message, { 'retry-after': '1' })
  }
}
