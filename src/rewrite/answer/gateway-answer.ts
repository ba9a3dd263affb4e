import { renameInScorer } from '../../policy/genai/scorer-text.ts'
import type { GrantContext } from '../../policy/grant.ts'
import type { NameKind } from '../../policy/names/name-form.ts'
import { ownStored } from '../../policy/names/names.ts'

/** The own name, or nothing: an own thing may be made of what is not, where those who run the server made it so. */
export const shownAs =
  (kind: NameKind) =>
  (stored: string, context: GrantContext): string =>
    ownStored(context, kind, stored)?.logical ?? ''

/** A scorer's text in the caller's names; an endpoint that is not theirs is none, as MLflow says of one that is gone. */
export function clientScorer(text: string, context: GrantContext): string {
  return renameInScorer(text, (name) => ownStored(context, 'gateway', name)?.logical ?? null)
}
