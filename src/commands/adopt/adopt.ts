import { Command } from 'commander'
import { Refusal } from '../../policy/reasons.ts'
import { AdoptionClient } from '../../server/adoption/adoption-client.ts'
import { AdoptionJournal, JournalError } from '../../server/adoption/adoption-journal.ts'
import { type Plan, planAdoption } from '../../server/adoption/adoption-plan.ts'
import type { AdoptionRules } from '../../server/adoption/adoption-rules.ts'
import { performChanges, settle, undoChanges } from '../../server/adoption/perform-changes.ts'
import { addOriginNotes } from '../../server/adoption/version-origins.ts'
import { ConfigError } from '../../server/config/config-problem.ts'
import type { Config } from '../../server/config/config-types.ts'
import { describeNetworkError } from '../../server/network/network-error.ts'
import type { Shell } from '../shell.ts'
import { tokenOption } from '../token-option.ts'
import { configOption, withConfig } from '../with-config.ts'
import { describePlan, fingerprint, hasProblems, planAsData } from './describe-plan.ts'
import { OutcomeReport } from './outcome-report.ts'
import { readRules } from './read-rules.ts'

interface Asked {
  readonly config: string
  readonly rules?: string
  readonly apply?: string
  readonly expect?: string
  readonly undo?: string
  readonly tokenFile?: string
  readonly json?: true
}

/** Exit codes; 2 is a wrong command line, or a wrong file of rules. */
const codes = { good: 0, failed: 1, wrong: 2, notPerformed: 3 } as const

/** Works with a journal, and closes it. */
async function withJournal<T>(journal: AdoptionJournal, work: (journal: AdoptionJournal) => Promise<T>): Promise<T> {
  try {
    return await work(journal)
  } finally {
    journal.close()
  }
}

async function undo({ terminal }: Shell, config: Config, client: AdoptionClient, file: string, json = false): Promise<number> {
  const report = new OutcomeReport(terminal, json, 'taken back')
  await withJournal(new AdoptionJournal(file, config.upstream.url, { existing: true }), (journal) =>
    undoChanges(client, journal, report.hear),
  )
  return report.end(file) ? codes.good : codes.failed
}

async function apply(
  { terminal }: Shell,
  client: AdoptionClient,
  plan: Plan,
  journal: AdoptionJournal,
  { apply: file = '', json }: Asked,
) {
  const report = new OutcomeReport(terminal, json === true, 'renamed')
  const changes = plan.changes.filter(({ byHand }) => !byHand).map(({ change }) => change)
  await performChanges(client, journal, changes, report.hear)
  return report.end(file) ? codes.good : codes.failed
}

/** What would be done with what MLflow holds now. `notes`: with what environments could not use of their models, which takes a request for each. */
async function makePlan(
  config: Config,
  client: AdoptionClient,
  rules: AdoptionRules,
  { notes }: { notes: boolean },
): Promise<Plan> {
  const things = await client.list()
  const plan = planAdoption(config, rules, things)
  if (notes) await addOriginNotes(config, plan, things, (place) => client.askIn(place))
  return plan
}

async function planOrApply(shell: Shell, config: Config, client: AdoptionClient, asked: Asked): Promise<number> {
  const { out, err } = shell.terminal
  const { rules: file = '', apply: journalFile, expect, json } = asked
  const rules = readRules(file, config)
  if (journalFile === undefined) {
    const plan = await makePlan(config, client, rules, { notes: true })
    out(json ? `${JSON.stringify(planAsData(plan), null, 2)}\n` : describePlan(plan))
    return hasProblems(plan) ? codes.notPerformed : codes.good
  }
  return withJournal(new AdoptionJournal(journalFile, config.upstream.url), async (journal) => {
    await settle(client, journal)
    const plan = await makePlan(config, client, rules, { notes: false })
    const isOther = expect !== undefined && expect !== fingerprint(plan)
    if (!hasProblems(plan) && !isOther) return apply(shell, client, plan, journal, asked)
    err(describePlan(plan))
    if (isOther) err(`The plan is no longer ${expect}: MLflow or the rules have changed. Nothing was renamed.\n`)
    return codes.notPerformed
  })
}

async function adopt(shell: Shell, config: Config, asked: Asked): Promise<number> {
  const { err } = shell.terminal
  const client = new AdoptionClient(config, asked.tokenFile ?? null)
  try {
    if (client.needsToken) {
      err("mlflow-env-proxy: only callers' tokens open MLflow: use --token-file FILE, with the token of someone who may rename\n")
      return codes.failed
    }
    return await (asked.undo === undefined
      ? planOrApply(shell, config, client, asked)
      : undo(shell, config, client, asked.undo, asked.json))
  } catch (error) {
    if (error instanceof ConfigError) {
      err(`${error.message}\n`)
      return codes.wrong
    }
    // A file of the journal's that cannot be opened or written is the caller's matter, too.
    if (!(error instanceof Refusal || error instanceof JournalError || (error instanceof Error && 'syscall' in error)))
      throw error
    err(`mlflow-env-proxy: ${describeNetworkError(error)}\n`)
    return codes.failed
  } finally {
    await client.close()
  }
}

/** Gives environments what MLflow held before the proxy came. */
export function adoptCommand(shell: Shell): Command {
  const command = new Command('adopt')
  const run = (asked: Asked) => {
    if ((asked.rules === undefined) === (asked.undo === undefined))
      command.error('error: write either --rules FILE or --undo JOURNAL')
    if (asked.expect !== undefined && asked.apply === undefined) command.error('error: --expect goes with --apply JOURNAL')
    return withConfig(shell, asked.config, (config) => adopt(shell, config, asked))
  }
  return command
    .summary('give environments what MLflow held before the proxy came')
    .description(
      'Renames models and experiments that belong to no environment into one, by a file of rules. Without --apply it only shows what it would do.\n' +
        'docs/adoption.md describes the rules, and what clients notice.\n' +
        'Exit code 0: done, or the plan can be performed; 1: MLflow or a file cannot be used, or not all was renamed: run it again;\n' +
        '2: the command line or the rules are wrong; 3: the plan has problems, or is not the expected one: nothing was renamed.',
    )
    .addOption(configOption().makeOptionMandatory())
    .option('--rules <file>', 'which environment gets what, YAML')
    .option('--apply <journal>', 'rename, and write each change into this file; run it again to go on after an interruption')
    .option('--expect <plan>', 'only if the plan is still this one, as it was shown')
    .option('--undo <journal>', 'take back what this journal says')
    .addOption(tokenOption('the token of someone who may rename, in place of the configured credentials'))
    .option('--json', 'for programs')
    .action(shell.action(run))
}
