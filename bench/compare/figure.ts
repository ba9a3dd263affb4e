/** One measured quantity of several contenders. Samples of the same index were taken in the same round. */
export interface Figure {
  readonly row: string
  readonly title: string
  readonly unit: string
  readonly samples: Readonly<Record<string, readonly number[]>>
  /** Whose figure is judged; by default the product's. */
  readonly subject?: string
  /** By whose figure it is divided; null: it stands by itself. */
  readonly to: string | null
  readonly goal: { readonly is: 'at most' | 'at least'; readonly value: number } | null
}

export const atMost = (value: number) => ({ is: 'at most', value }) as const
export const atLeast = (value: number) => ({ is: 'at least', value }) as const

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** Each item in turn, in another order every round; what the first round gives is thrown away: it warms up. */
export async function interleave<T extends { readonly name: string }, S>(
  items: readonly T[],
  rounds: number,
  measure: (item: T) => Promise<S>,
): Promise<Readonly<Record<string, readonly S[]>>> {
  const samples: Record<string, S[]> = Object.fromEntries(items.map(({ name }) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const item of shuffled(items)) {
      const sample = await measure(item)
      if (round >= 0) samples[item.name]?.push(sample)
    }
  }
  return samples
}

/** Of each contender's samples one number each; `other` is the sample of the same round of the contender it is compared with. */
export function numbers<S>(
  samples: Readonly<Record<string, readonly S[]>>,
  of: (sample: S, other: S) => number,
  base?: string,
): Record<string, number[]> {
  const others = base === undefined ? undefined : samples[base]
  const kept = Object.entries(samples).filter(([name]) => name !== base)
  return Object.fromEntries(kept.map(([name, all]) => [name, all.map((sample, round) => of(sample, others?.[round] ?? sample))]))
}
