import { randomBytes } from 'node:crypto'
import { promotionClaimPrefix } from '../../policy/promotions/promotion-tags.ts'
import { Refusal } from '../../policy/reasons.ts'
import { readFound } from '../facts/look-up-answers.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import type { SourceVersion, VersionId } from './source-version.ts'

/** Milliseconds by which the clocks of replicas may differ, and more. */
const margin = 60_000

/** Milliseconds for which a claim counts: longer than MLflow may take for the copy. */
export function claimLife({ transport: { timeouts } }: Upstream): number {
  return 2 * timeouts.answer + timeouts.pause + margin
}

/** Whether somebody else may be carrying out a promotion of a version; `own` is one's own claim. */
export function isClaimed({ claims }: SourceVersion, own: string | null, now: number, life: number): boolean {
  return [...claims].some(([key, begun]) => key !== own && Math.abs(now - Number(begun)) < life)
}

/** Throws `promotion-conflict`: somebody else is at it. */
export function refuseClaimed(life: number): never {
  const minutes = Math.ceil(life / 60_000)
  throw new Refusal(
    'promotion-conflict',
    `This promotion is being carried out. Look at it again shortly; if nothing happens for ${minutes} minutes, approve it once more: it is completed then.`,
  )
}

/** Writes down that somebody begins to carry out a promotion; returns the key of the tag. */
export async function writeClaim(
  upstream: Upstream,
  { name, version }: VersionId,
  caller: CallerCredentials,
  now: number,
): Promise<string> {
  const key = `${promotionClaimPrefix}${randomBytes(8).toString('hex')}`
  const answer = await upstream.write({ tag: key, value: String(now), name, version }, caller)
  if (readFound(answer) !== null) return key
  throw new Refusal('promotion-conflict', 'The version can no longer be tagged, so nothing was promoted. Look at it again.')
}
