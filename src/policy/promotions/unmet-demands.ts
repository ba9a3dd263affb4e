import type { MetricLimit, PromotionRule } from './promotion-rule.ts'

/** What of a version a rule looks at. */
export interface Examined {
  readonly tags: ReadonlyMap<string, string>
  /** The latest values of the run behind it; null: there is no such run. */
  readonly metrics: ReadonlyMap<string, number> | null
}

function unmetTag(tags: ReadonlyMap<string, string>, demand: string): string[] {
  const at = demand.indexOf('=')
  const [key, wanted] = at < 0 ? [demand, null] : [demand.slice(0, at), demand.slice(at + 1)]
  const value = tags.get(key)
  if (value === undefined) return [`it has no tag '${key}'`]
  return wanted === null || value === wanted ? [] : [`its tag '${key}' is not '${wanted}'`]
}

function unmetMetric(metrics: ReadonlyMap<string, number>, { name, min, max }: MetricLimit): string[] {
  const value = metrics.get(name)
  if (value === undefined) return [`its run has no metric '${name}'`]
  // A value that is not a number is not within any limit.
  if (min !== undefined && !(value >= min)) return [`the metric '${name}' of its run is ${value}, below ${min}`]
  return max !== undefined && !(value <= max) ? [`the metric '${name}' of its run is ${value}, above ${max}`] : []
}

/** What a version lacks to be promoted by a rule, each a clause. */
export function unmetDemands({ requiredTags, metrics }: PromotionRule, examined: Examined): readonly string[] {
  const tags = requiredTags.flatMap((demand) => unmetTag(examined.tags, demand))
  const { metrics: measured } = examined
  if (metrics.length === 0) return tags
  if (measured === null) return [...tags, 'it was made by no run, so it has no metrics']
  return [...tags, ...metrics.flatMap((limit) => unmetMetric(measured, limit))]
}
