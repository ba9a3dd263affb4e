import { Command } from 'commander'
import { linesIn } from './audit/audit.ts'
import { describeShadow, type ShadowCount, ShadowCounts } from './audit/shadow-counts.ts'
import type { Shell } from './shell.ts'

async function report({ terminal }: Shell, files: readonly string[], json: boolean): Promise<number> {
  const counts = new ShadowCounts()
  for (const file of files) {
    try {
      for await (const { line } of linesIn(file)) counts.add(line)
    } catch (error) {
      terminal.err(`mlflow-env-proxy: cannot read ${file}: ${error instanceof Error ? error.message : String(error)}\n`)
      return 1
    }
  }
  const rows: readonly ShadowCount[] = counts.rows()
  terminal.out(json ? `${JSON.stringify(rows, null, 2)}\n` : describeShadow(rows))
  return 0
}

/** Sums up what environments in shadow let pass. */
export function shadowReportCommand(shell: Shell): Command {
  return new Command('shadow-report')
    .summary('who would be refused what, from the audit lines of environments in shadow')
    .description(
      'Reads audit lines, and prints who would be refused what, and how often, once the environments enforce their rules.',
    )
    .argument('<file...>', 'files with audit lines, among others or not; - is standard input')
    .option('--json', 'for programs')
    .action(shell.action((files: readonly string[], { json }: { json?: true }) => report(shell, files, json === true)))
}
