import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { AuditLine } from '../../server/observability/audit-fields.ts'
import type { Shell } from '../shell.ts'
import { type AuditFilter, isAuditLine, KnownNames, passes } from './audit-filter.ts'
import { describeAudit } from './audit-summary.ts'

interface Asked extends AuditFilter {
  readonly json?: true
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

function readTime(text: string): number {
  const [, count, unit = ''] = /^([0-9]{1,6})([mhd])$/.exec(text) ?? []
  const time = count === undefined ? Date.parse(text) : Date.now() - Number(count) * (units[unit] ?? 0)
  if (Number.isNaN(time)) throw new InvalidArgumentError('Write a time such as 2026-11-30T14:00Z, or 24h for a day ago.')
  return time
}

/** The lines of a file that are audit lines; other lines of a log are passed over. */
async function* linesIn(file: string): AsyncGenerator<{ readonly text: string; readonly line: AuditLine }> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!text.includes('"audit":true')) continue
    let line: unknown
    try {
      line = JSON.parse(text)
    } catch {
      continue
    }
    if (isAuditLine(line)) yield { text, line }
  }
}

/** Hands over the audit lines of files, in their order. False, and said, where one cannot be read. */
export async function readAuditLines(
  { terminal }: Shell,
  files: readonly string[],
  take: (line: AuditLine, text: string) => void,
): Promise<boolean> {
  for (const file of files) {
    try {
      for await (const { text, line } of linesIn(file)) take(line, text)
    } catch (error) {
      terminal.err(`mlflow-env-proxy: cannot read ${file}: ${error instanceof Error ? error.message : String(error)}\n`)
      return false
    }
  }
  return true
}

async function audit(shell: Shell, files: readonly string[], { json, ...filter }: Asked): Promise<number> {
  const found: AuditLine[] = []
  const names = new KnownNames()
  const isRead = await readAuditLines(shell, files, (line, text) => {
    const completed = names.complete(line)
    if (!passes(filter, completed)) return
    if (json) shell.terminal.out(`${text}\n`)
    else found.push(completed)
  })
  if (!isRead) return 1
  if (!json) shell.terminal.out(describeAudit(found))
  return 0
}

/** Filters audit lines, and sums them up. */
export function auditCommand(shell: Shell): Command {
  return new Command('audit')
    .summary('who changed what, and who was refused what, from audit lines')
    .description(
      'Reads audit lines from files or logs, and prints the history of the models in them (stages, aliases, registrations) and who was refused what.',
    )
    .argument('<file...>', 'files with audit lines, among others or not; - is standard input')
    .option('--model <name>', 'requests that name this model, as callers write it or as it is upstream')
    .option('--version <number>', 'and this version')
    .option('--environment <name>', 'requests in this environment')
    .option('--who <text>', "requests of a caller with this name, object id or application's id")
    .addOption(new Option('--decision <decision>', 'requests with this decision').choices(['allow', 'deny', 'none']))
    .option('--since <time>', 'from this time on: 2026-11-30T14:00Z, or 90m, 24h, 7d ago', readTime)
    .option('--until <time>', 'before this time', readTime)
    .option('--json', 'the lines themselves, instead of a summary')
    .action(shell.action((files: readonly string[], asked: Asked) => audit(shell, files, asked)))
}
