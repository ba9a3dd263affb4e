import { oncePer } from '../once-per.ts'

/** A limit for a metric of the run behind a version. */
export interface MetricLimit {
  readonly name: string
  readonly min?: number
  readonly max?: number
}

/** How versions of one environment get into another one. */
export interface PromotionRule {
  readonly from: string
  readonly to: string
  /** Tags that a version must have: `key`, or `key=value`. */
  readonly requiredTags: readonly string[]
  readonly metrics: readonly MetricLimit[]
  /** Groups whose members may approve. */
  readonly approvers: readonly string[]
  /** 2: whoever approves is somebody else than whoever asked. */
  readonly people: 1 | 2
}

/** The rules of a configuration. */
interface Rules {
  /** Left out: there are none. */
  readonly promotions?: readonly PromotionRule[]
}

/** The rule for two environments; null: there is none. */
export function promotionRule({ promotions = [] }: Rules, from: string, to: string): PromotionRule | null {
  return promotions.find((rule) => rule.from === from && rule.to === to) ?? null
}

/** By the name of an environment, all whose versions may have come into it, directly or through others. */
const originsOf = oncePer(({ promotions = [] }: Rules): ReadonlyMap<string, ReadonlySet<string>> => {
  const origins = new Map<string, Set<string>>()
  const add = (to: string, from: string) => {
    const known = origins.get(to) ?? new Set()
    if (known.has(from)) return
    origins.set(to, known.add(from))
    for (const rule of promotions) {
      if (rule.to === from) add(to, rule.from)
    }
  }
  for (const { from, to } of promotions) add(to, from)
  return origins
})

/** Whether versions of the environment `to` may be made of what belongs to `from`, because rules promote them. */
export function receives(config: Rules, to: { readonly name: string }, from: { readonly name: string }): boolean {
  return config.promotions !== undefined && to.name !== from.name && originsOf(config).get(to.name)?.has(from.name) === true
}

/** Whether rules promote anything into an environment. */
export function receivesAny(config: Rules, { name }: { readonly name: string }): boolean {
  return config.promotions !== undefined && originsOf(config).has(name)
}

/** Whether a rule promotes versions out of an environment. */
export function isPromotedFrom({ promotions = [] }: Rules, { name }: { readonly name: string }): boolean {
  return promotions.some(({ from }) => from === name)
}
