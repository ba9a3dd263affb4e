import type { AdoptionClient } from './adoption-client.ts'
import type { AdoptionJournal, Step } from './adoption-journal.ts'
import type { Change } from './adoption-plan.ts'
import { type ChangeOutcome, carryOut, nameNow } from './carry-out.ts'

/** Hears of each change that was made, or was not. */
export type HearOutcome = (change: Change, outcome: ChangeOutcome) => void

function stepOf({ result }: ChangeOutcome, done: Step, failed: Step): Step {
  return result === 'done' ? done : failed
}

/** Finds out about changes that were begun when the program ended, and notes whether they were made. */
export async function settle(client: AdoptionClient, journal: AdoptionJournal): Promise<void> {
  for (const { key, change, step } of journal.entries) {
    if (step !== 'begin') continue
    const isMade = (await nameNow(client, change)) === 'to'
    journal.note(key, isMade ? 'done' : 'failed', isMade ? '' : 'it was not carried out')
  }
}

/** Makes changes in their order. It stops where MLflow does not say what came of one: that one stays begun in the journal. */
export async function performChanges(
  client: AdoptionClient,
  journal: AdoptionJournal,
  changes: readonly Change[],
  hear: HearOutcome,
): Promise<void> {
  for (const change of changes) {
    const key = journal.begin(change)
    const outcome = await carryOut(client, change)
    hear(change, outcome)
    if (outcome.result === 'unknown') return
    journal.note(key, stepOf(outcome, 'done', 'failed'), outcome.why)
  }
}

/** Takes back what a journal says was made, or may have been, the latest first. It stops as `performChanges` does. */
export async function undoChanges(client: AdoptionClient, journal: AdoptionJournal, hear: HearOutcome): Promise<void> {
  const made = journal.entries.filter(({ step }) => step !== 'failed' && step !== 'undone')
  for (const { key, change } of made.toReversed()) {
    const back = { ...change, from: change.to, to: change.from }
    journal.note(key, 'undo')
    const outcome = await carryOut(client, back)
    hear(back, outcome)
    if (outcome.result === 'unknown') return
    journal.note(key, stepOf(outcome, 'undone', 'undo-failed'), outcome.why)
  }
}
