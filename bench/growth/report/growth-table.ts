import { short } from '../../compare/report/markdown.ts'
import type { Dimension, Need } from '../dimension.ts'

export interface Growth {
  readonly name: string
  readonly dimension: Dimension
  /** One for each point. */
  readonly needs: readonly Need[]
}

/** A line for each point of each dimension. */
export function growthTable(growths: readonly Growth[]): string {
  const lines = growths.flatMap(({ dimension, needs }) =>
    needs.map(({ cpu, rss }, at) => {
      const title = at === 0 ? dimension.title : ''
      const point = dimension.points[at]?.toLocaleString('en')
      return `| ${title} | ${point} | ${cpu === null ? '–' : short(cpu)} | ${short(rss)} |`
    }),
  )
  return ['| what grows | to | CPU of a request, µs | memory, MiB |', '|---|---:|---:|---:|', ...lines].join('\n')
}
