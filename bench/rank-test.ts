/** The probability of a standard normal value beyond ±z, to seven digits (Abramowitz and Stegun 26.2.17). */
function beyond(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const series = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
  const sum = series.reduce((total, factor, power) => total + factor * t ** (power + 1), 0)
  return (2 * sum * Math.exp(-(z * z) / 2)) / Math.sqrt(2 * Math.PI)
}

export interface RankTest {
  /** The probability that a value of the first sample is larger than one of the second: 0.5 if they cannot be told apart. */
  readonly larger: number
  /** The probability of a difference this large if there is none (p value). */
  readonly p: number
}

/** The Mann-Whitney test, two-sided, by its normal approximation with ties. */
export function rankTest(first: readonly number[], second: readonly number[]): RankTest {
  const all = [...first.map((value) => ({ value, mine: true })), ...second.map((value) => ({ value, mine: false }))]
  all.sort((a, b) => a.value - b.value)
  let [ranks, ties] = [0, 0]
  for (let start = 0; start < all.length; ) {
    let end = start
    while (end < all.length && all[end]?.value === all[start]?.value) end += 1
    const [count, rank] = [end - start, (start + end + 1) / 2]
    ranks += rank * all.slice(start, end).filter(({ mine }) => mine).length
    ties += count ** 3 - count
    start = end
  }
  const [n, m] = [first.length, second.length]
  const u = ranks - (n * (n + 1)) / 2
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
  return { larger: u / (n * m), p: beyond((u - (n * m) / 2) / Math.sqrt(variance)) }
}
