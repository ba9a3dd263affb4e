import type { MetricValue } from './metric-values.ts'

/** Requests for one reason. */
interface ReasonCount {
  readonly reason: string
  readonly count: number
  readonly refused: boolean
}

/** The requests of an environment since the process started. */
export interface Traffic {
  /** Empty: the environment was not known, or there is none. */
  readonly environment: string
  readonly allowed: number
  readonly refused: number
  /** Neither: the proxy's own pages, or what could not be decided. */
  readonly undecided: number
  /** The most frequent first. */
  readonly reasons: readonly ReasonCount[]
}

function sum(values: readonly MetricValue[]): number {
  return values.reduce((total, { value }) => total + value, 0)
}

function reasonsOf(values: readonly MetricValue[]): ReasonCount[] {
  const groups = Map.groupBy(
    values.filter(({ labels }) => labels.reason !== ''),
    ({ labels }) => `${labels.reason} ${labels.decision === 'deny'}`,
  )
  return [...groups.values()]
    .map((group) => ({
      reason: group[0]?.labels.reason ?? '',
      count: sum(group),
      refused: group[0]?.labels.decision === 'deny',
    }))
    .sort((a, b) => b.count - a.count)
}

/** Requests by environment, in the given order, and last those of none. `requests`: the values of `requests_total`. */
export function trafficOf(requests: readonly MetricValue[], environments: readonly string[]): readonly Traffic[] {
  const by = Map.groupBy(requests, ({ labels }) => labels.environment ?? '')
  // A reload may have taken an environment away; its requests were counted even so.
  const names = new Set([...environments, ...[...by.keys()].filter((name) => name !== ''), ''])
  return [...names].map((environment) => {
    const values = by.get(environment) ?? []
    const decided = (decision: string) => sum(values.filter(({ labels }) => labels.decision === decision))
    const [allowed, refused] = [decided('allow'), decided('deny')]
    return { environment, allowed, refused, undecided: sum(values) - allowed - refused, reasons: reasonsOf(values) }
  })
}
