import { setTimeout as pause } from 'node:timers/promises'
import { Refusal } from '../../policy/reasons.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { readOwnError } from '../upstream/proxy-rejections.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import { isUnsent } from '../upstream/upstream-connector.ts'
import type { AdoptionClient } from './adoption-client.ts'
import type { Change } from './adoption-plan.ts'

/** `unknown`: MLflow was not reached, or did not say: whether the change was made is found out later. */
export interface ChangeOutcome {
  readonly result: 'done' | 'failed' | 'unknown'
  /** '' where it is done. */
  readonly why: string
}

const done: ChangeOutcome = { result: 'done', why: '' }
const failed = (why: string): ChangeOutcome => ({ result: 'failed', why })

/** Milliseconds between looks at a change whose answer was lost: MLflow may still be at work on it. */
const looks = [200, 400, 800] as const

/** Which of a change's names the thing has now; null: it is gone, deleted, has a third name, or another thing has its name. */
export async function nameNow(client: AdoptionClient, change: Change): Promise<'from' | 'to' | null> {
  for (const which of ['from', 'to'] as const) {
    const found = await client.find(change, change[which])
    if (found === null || found.isDeleted || found.name !== change[which]) continue
    if (change.created === '' || found.created === change.created) return which
  }
  return null
}

function wordsOf(answer: UpstreamAnswer): string {
  const error = readOwnError(answer)
  const message = error?.get('message')
  const [line = ''] = (typeof message === 'string' ? message : '').split('\n')
  return `MLflow answered ${answer.status} ${String(error?.get('error_code') ?? '')}: ${line.slice(0, 300)}`
}

/** What came of a rename whose answer was lost. */
async function findOut(client: AdoptionClient, change: Change, error: Refusal): Promise<ChangeOutcome> {
  const mayBeAtWork = error.reason === 'outcome-unknown' || error.reason === 'upstream-unavailable'
  for (const milliseconds of mayBeAtWork && !isUnsent(error.cause) ? looks : []) {
    await pause(milliseconds)
    if ((await nameNow(client, change)) === 'to') return done
  }
  return { result: 'unknown', why: describeNetworkError(error) }
}

async function send(client: AdoptionClient, change: Change): Promise<ChangeOutcome> {
  let answer: UpstreamAnswer
  try {
    answer = await client.rename(change)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return findOut(client, change, error)
  }
  if (answer.status === 200 || (await nameNow(client, change)) === 'to') return done
  return failed(wordsOf(answer))
}

/** Makes a change where everything is still as the plan has it. A change that was made already is done. */
export async function carryOut(client: AdoptionClient, change: Change): Promise<ChangeOutcome> {
  try {
    const name = await nameNow(client, change)
    if (name === 'to') return done
    if (name === null) return failed('it was renamed, deleted or replaced in the meantime')
    if (!(await client.isFree(change))) return failed(`'${change.to}' exists by now`)
    return await send(client, change)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { result: 'unknown', why: describeNetworkError(error) }
  }
}
