import type { Figure } from '../figure.ts'
import { isMet, judged, medians, subjectOf } from './judge.ts'

const order = ['direct', 'nginx', 'HAProxy', 'plain', 'straightforward', 'product']

/** Three digits that count. */
export function short(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toFixed(digits)
}

const goalOf = ({ goal }: Figure) => (goal === null ? '' : `${goal.is === 'at most' ? '≤' : '≥'} ${goal.value}`)

function judgement(figure: Figure): string {
  const value = judged(figure)
  const met = isMet(figure)
  const mark = met === null ? '' : met ? ' ✓' : ' ✗'
  return value === null ? '–' : `**${short(value)}**${mark}`
}

function line(figure: Figure, names: readonly string[]): string {
  const found = medians(figure)
  const [own, base] = [found.get(subjectOf(figure)), figure.to === null ? undefined : found.get(figure.to)]
  // A figure of other subjects has its two values where the product's and the base's would be.
  const value = (name: string) => found.get(name) ?? (figure.subject !== undefined && name === 'product' ? own : undefined)
  const cells = names.map((name) => value(name)).map((each) => (each === undefined ? '' : short(each)))
  const to =
    figure.to === null ? 'itself' : base !== undefined && !names.includes(figure.to) ? `${figure.to}: ${short(base)}` : figure.to
  return `| ${figure.title}, ${figure.unit} | ${cells.join(' | ')} | ${judgement(figure)} | ${to} | ${goalOf(figure)} |`
}

/** A table of the medians, and the product's ratio beside its goal. */
export function markdownTable(figures: readonly Figure[]): string {
  const present = new Set(figures.filter(({ subject }) => subject === undefined).flatMap(({ samples }) => Object.keys(samples)))
  const names = [
    ...order.filter((name) => present.has(name) || name === 'product'),
    ...[...present].filter((name) => !order.includes(name)),
  ]
  return [
    `| measure | ${names.join(' | ')} | product | to | goal |`,
    `|---|${'---|'.repeat(names.length)}---|---|---|`,
    ...figures.map((figure) => line(figure, names)),
  ].join('\n')
}
