import { styleText } from 'node:util'
import { type Attempt, type Findings, type Table, tabulateFiles, tabulateSeen, tabulateStored } from './findings.ts'

type Style = Parameters<typeof styleText>[0]

/** Colours a text if the standard output supports it (not with $NO_COLOR, or without a terminal). */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

const styles: Readonly<Record<string, Style>> = { Staging: 'yellow', Production: 'green' }

function drawTable([headings = [], ...rows]: Table): string[] {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const draw = (cells: readonly string[], styleOf: (cell: string, column: number) => Style | undefined) => {
    const padded = cells.map((cell, column) => {
      const [style, text] = [styleOf(cell, column), cell.padEnd(column === cells.length - 1 ? 0 : (widths[column] ?? 0))]
      return style === undefined ? text : paint(style, text)
    })
    return `  ${padded.join('   ')}`.trimEnd()
  }
  const rule = paint('dim', `  ${widths.map((width) => '─'.repeat(width)).join('   ')}`)
  const body = rows.map((row) => draw(row, (cell, column) => (column === 0 ? 'cyan' : styles[cell])))
  return [draw(headings, () => 'bold'), rule, ...body]
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

function drawAttempt({ what, code, message }: Attempt, width: number): string[] {
  const mark = code === null ? paint('yellow', '! ') : paint('red', '✗ ')
  return [`  ${mark}${what}`, ...wrap(message, width - 4).map((line) => paint('dim', `    ${line}`))]
}

const heading = (text: string, remark: string) => `\n${paint('bold', text)}  ${paint('dim', remark)}\n`

/** The summary for people: two tables and the refusals; `width` in characters. */
export function drawSummary({ seen, stored, attempts, files }: Findings, width: number): string {
  const behind = files === undefined ? 'What MLflow really stores' : 'What the workspace really stores'
  const look = files === undefined ? '(the same look, past the proxy)' : '(the same look, past the proxy, as its administrator)'
  const storage = 'What lies in Azure storage'
  return [
    heading('What each environment sees', '(through the proxy, with its own token)'),
    ...drawTable(tabulateSeen(seen)),
    heading(behind, look),
    ...drawTable(tabulateStored(stored)),
    ...(files === undefined ? [] : [heading(storage, '(sent by the proxy; no client has seen a signed URL)')]),
    ...(files === undefined ? [] : drawTable(tabulateFiles(files))),
    heading('What is refused', '(and what the Python client says)'),
    ...attempts.flatMap((attempt) => drawAttempt(attempt, width)),
    '',
  ].join('\n')
}
