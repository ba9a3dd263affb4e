import { quantile } from '../test/harness/load/quantile.ts'

/** The process's memory (MiB) and counts at one time, and how long requests took since the previous sample (ms). */
export interface Sample {
  readonly minute: number
  readonly rss: number
  readonly heap: number
  readonly external: number
  readonly resources: number
  readonly files: number
  readonly p50: number
  readonly p99: number
}

/** How much a value may grow, relatively and at least absolutely, before it counts as growing. */
const allowed: Readonly<Record<Exclude<keyof Sample, 'minute'>, readonly [share: number, least: number]>> = {
  rss: [0.1, 16],
  heap: [0.15, 8],
  external: [0.15, 8],
  resources: [0.2, 16],
  files: [0.2, 16],
  p50: [0.5, 5],
  p99: [1, 50],
}
const names = ['rss', 'heap', 'external', 'resources', 'files', 'p50', 'p99'] as const

/** A table of at most about twenty lines. */
export function showSamples(samples: readonly Sample[]): string {
  const step = Math.ceil(samples.length / 20)
  const rows = samples
    .filter((_, index) => (index + 1) % step === 0)
    .map(
      (sample) =>
        `| ${sample.minute.toFixed(1)} | ${names.map((name) => sample[name].toFixed(name[0] === 'p' ? 1 : 0)).join(' | ')} |`,
    )
  return [
    '| minute | RSS MiB | heap MiB | external MiB | resources | files | p50 ms | p99 ms |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/** Compares the median of the last quarter with that of the second; the first is the warm-up. */
export function growths(samples: readonly Sample[]): { name: string; from: number; to: number; isFlat: boolean }[] {
  const quarter = Math.max(1, Math.floor(samples.length / 4))
  return names.map((name) => {
    const values = samples.map((sample) => sample[name])
    const [from, to] = [quantile(values.slice(quarter, 2 * quarter), 0.5), quantile(values.slice(-quarter), 0.5)]
    const [share, least] = allowed[name]
    return { name, from, to, isFlat: to - from <= Math.max(least, from * share) }
  })
}
