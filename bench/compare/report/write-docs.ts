import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../../scripts/setup/ensure.mjs'
import type { Figure } from '../figure.ts'
import { barChart } from './bar-chart.ts'
import { markdownTable } from './markdown.ts'

const [start, end] = ['<!-- figures -->', '<!-- end of figures -->']

interface Plot {
  readonly name: string
  readonly svg: string
}

/** Puts paragraphs and plots into a page of docs, between its two marks. Plots that are not given lose theirs. Throws Error for a page without marks. */
export function putIntoDocs(name: string, paragraphs: readonly string[], plots: readonly Plot[]): void {
  const page = join(root, 'docs', `${name}.md`)
  const text = readFileSync(page, 'utf8')
  const [before, after] = [text.indexOf(start), text.indexOf(end)]
  if (before < 0 || after < 0) throw new Error(`${page} has no marks for the figures`)
  mkdirSync(join(root, 'docs', name), { recursive: true })
  for (const plot of plots) writeFileSync(join(root, 'docs', name, `${plot.name}.svg`), plot.svg)
  const images = plots.map((plot) => `![${plot.name}](${name}/${plot.name}.svg)`)
  const content = [start, ...paragraphs, ...images].join('\n\n')
  writeFileSync(page, `${text.slice(0, before)}${content}\n\n${text.slice(after)}`)
}

/** Puts a run's table and plots into docs/performance.md. */
export function writeDocs(figures: readonly Figure[], circumstances: string): void {
  const rows = [...new Set(figures.map(({ row }) => row))]
  const plots = rows.map((name) => ({ name, svg: barChart(figures.filter(({ row }) => row === name)) }))
  putIntoDocs('performance', [circumstances, markdownTable(figures)], plots)
}
