import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../../scripts/setup/ensure.mjs'
import type { Figure } from '../figure.ts'
import { barChart } from './bar-chart.ts'
import { markdownTable } from './markdown.ts'

const [start, end] = ['<!-- figures -->', '<!-- end of figures -->']

/** Puts a run's table and plots into docs/performance.md, between its two marks. Rows that were not measured lose theirs. */
export function writeDocs(figures: readonly Figure[], circumstances: string): void {
  const page = join(root, 'docs', 'performance.md')
  const text = readFileSync(page, 'utf8')
  const [before, after] = [text.indexOf(start), text.indexOf(end)]
  if (before < 0 || after < 0) throw new Error(`${page} has no marks for the figures`)
  mkdirSync(join(root, 'docs', 'performance'), { recursive: true })
  const rows = [...new Set(figures.map(({ row }) => row))]
  const plots = rows.map((row) => {
    writeFileSync(join(root, 'docs', 'performance', `${row}.svg`), barChart(figures.filter((figure) => figure.row === row)))
    return `![${row}](performance/${row}.svg)`
  })
  const content = [start, circumstances, markdownTable(figures), ...plots].join('\n\n')
  writeFileSync(page, `${text.slice(0, before)}${content}\n\n${text.slice(after)}`)
}
