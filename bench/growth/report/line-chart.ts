import { short } from '../../compare/report/markdown.ts'
import { drawing, text } from '../../compare/report/svg.ts'
import type { Dimension, Need } from '../dimension.ts'

const [width, height, left, top, gap] = [340, 200, 56, 40, 60]

/** One quantity over the points: equal steps to the right, from 0 upwards. */
function panel(title: string, points: readonly number[], values: readonly number[], from: number): string {
  const most = Math.max(...values)
  const x = (at: number) => from + left + (at * (width - left - 20)) / Math.max(1, points.length - 1)
  const y = (value: number) => top + height * (1 - value / most)
  const line = values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  const marks = values.map((value, at) => {
    const label = text(x(at), y(value) - 8, short(value), ' text-anchor="middle"')
    const tick = text(x(at), top + height + 20, String(points[at]), ' text-anchor="middle"')
    return `<circle cx="${x(at).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3" fill="#2563eb"/>${label}${tick}`
  })
  return [
    text(from + 8, 16, title, ' font-weight="bold"'),
    `<path d="M${from + left} ${top} V${top + height} H${from + width}" stroke="#94a3b8" fill="none"/>`,
    `<polyline points="${line}" stroke="#2563eb" stroke-width="2" fill="none"/>`,
    ...marks,
  ].join('\n')
}

/** CPU and memory over the points of a dimension, as SVG. */
export function lineChart({ title, points }: Dimension, needs: readonly Need[]): string {
  const cpu = needs.flatMap(({ cpu }) => (cpu === null ? [] : [cpu]))
  const memory = panel(
    'memory, MiB',
    points,
    needs.map(({ rss }) => rss),
    cpu.length === 0 ? 0 : width + 20,
  )
  const panels = cpu.length === 0 ? [memory] : [panel('CPU of a request, µs', points, cpu, 0), memory]
  const across = panels.length * (width + 20)
  return drawing(across, top + height + gap, [...panels, text(across / 2, top + height + 46, title, ' text-anchor="middle"')])
}
