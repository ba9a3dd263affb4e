import { Command } from 'commander'
import { readAuditLines } from './audit/audit.ts'
import { describeShadow, type ShadowCount, ShadowCounts } from './audit/shadow-counts.ts'
import type { Shell } from './shell.ts'

async function report(shell: Shell, files: readonly string[], json: boolean): Promise<number> {
  const counts = new ShadowCounts()
  if (!(await readAuditLines(shell, files, (line) => counts.add(line)))) return 1
  const rows: readonly ShadowCount[] = counts.rows()
  shell.terminal.out(json ? `${JSON.stringify(rows, null, 2)}\n` : describeShadow(rows))
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
