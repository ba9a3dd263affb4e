import type { Figure } from '../figure.ts'
import { medians, subjectOf } from './judge.ts'
import { short } from './markdown.ts'
import { drawing, text } from './svg.ts'

const [width, bar, labels, gap] = [760, 18, 220, 34]

/** One figure: its title and a bar for each contender. */
function panel(figure: Figure, top: number): { svg: string; bottom: number } {
  const entries = [...medians(figure)]
  const most = Math.max(...entries.map(([, value]) => value), Number.MIN_VALUE)
  const bars = entries.map(([name, value], index) => {
    const y = top + 26 + index * (bar + 4)
    const length = Math.max(1, (value / most) * (width - labels - 80))
    const fill = name === subjectOf(figure) ? '#2563eb' : '#94a3b8'
    return [
      text(labels - 8, y + 13, name, ' text-anchor="end"'),
      `<rect x="${labels}" y="${y}" width="${length.toFixed(1)}" height="${bar}" fill="${fill}"/>`,
      text(labels + length + 6, y + 13, short(value)),
    ].join('')
  })
  const title = text(8, top + 16, `${figure.title}, ${figure.unit}`, ' font-weight="bold"')
  return { svg: [title, ...bars].join('\n'), bottom: top + 26 + entries.length * (bar + 4) + gap / 2 }
}

/** The figures of a row below one another, as SVG. */
export function barChart(figures: readonly Figure[]): string {
  let top = 4
  const panels = figures.map((figure) => {
    const { svg, bottom } = panel(figure, top)
    top = bottom
    return svg
  })
  return drawing(width, top, panels)
}
