import { median } from '../../../test/harness/load/quantile.ts'
import type { Figure } from '../figure.ts'

export const subjectOf = ({ subject = 'product' }: Figure): string => subject

/** The median of each contender's samples. */
export function medians({ samples }: Figure): Map<string, number> {
  return new Map(Object.entries(samples).map(([name, all]) => [name, median(all)]))
}

/** What is compared with the goal: the median of the rounds' ratios, or the figure itself where it stands by itself. */
export function judged(figure: Figure): number | null {
  const own = figure.samples[subjectOf(figure)]
  if (own === undefined || own.length === 0) return null
  if (figure.to === null) return median(own)
  const base = figure.samples[figure.to]
  return base === undefined ? null : median(own.map((value, round) => value / (base[round] ?? Number.NaN)))
}

export function isMet(figure: Figure): boolean | null {
  const value = judged(figure)
  if (figure.goal === null || value === null) return null
  return figure.goal.is === 'at most' ? value <= figure.goal.value : value >= figure.goal.value
}
