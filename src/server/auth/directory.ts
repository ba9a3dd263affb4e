import { hash } from 'node:crypto'
import type { Authenticated } from '../../policy/identity/claims.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import { oncePer } from '../../policy/once-per.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Authenticator } from './authenticate.ts'
import { readBearerToken } from './compact-token.ts'
import { type Kept, RememberedAnswers } from './remembered-answers.ts'

/** A caller whose token was verified. */
export interface Bearer {
  readonly principal: Principal
  readonly token: string
}

/** Looks up a caller's groups. Rejects with a Refusal if that fails: only an empty list means that a caller has no groups. */
export interface Directory {
  /** Whether it is about such callers: a token is only sent to the service that it was issued for, and an id only means something to its own issuer. */
  serves(authenticated: Authenticated): boolean
  groupsOf(bearer: Bearer): Promise<readonly string[]>
  /** What an answer is about; left out: the token, which it is asked with. */
  keyOf?(bearer: Bearer): string
  /** The groups with what the configuration calls them besides. Throws a Refusal while that is unknown; left out: nothing. */
  named?(groups: readonly string[]): readonly string[]
  /** When what it needs besides was asked for once. */
  tried?(): Promise<void>
  /** What operators should know of, or null. */
  concern?(): string | null
  close?(): Promise<void>
}

/** Groups of callers, as long as there are not too many; the answer counts for five minutes, or half an hour while the directory fails. */
const kept: Kept<readonly string[]> = {
  callers: 10_000,
  fresh: 5 * 60_000,
  stale: 30 * 60_000,
  refused: 0,
  size: { of: (groups) => groups.length + 1, most: 200_000 },
}

/** Asks another directory once per caller, and remembers the answer. */
export class RememberedDirectory implements Directory {
  readonly #directory: Directory
  readonly #answers: RememberedAnswers<readonly string[]>

  /** `clock` counts milliseconds. */
  constructor(directory: Directory, clock?: () => number) {
    this.#directory = directory
    this.#answers = new RememberedAnswers(kept, clock)
  }

  serves(authenticated: Authenticated): boolean {
    return this.#directory.serves(authenticated)
  }

  named(groups: readonly string[]): readonly string[] {
    return this.#directory.named?.(groups) ?? groups
  }

  async tried(): Promise<void> {
    await this.#directory.tried?.()
  }

  concern(): string | null {
    return this.#directory.concern?.() ?? null
  }

  async close(): Promise<void> {
    await this.#directory.close?.()
  }

  groupsOf(bearer: Bearer): Promise<readonly string[]> {
    const key = this.#directory.keyOf?.(bearer) ?? hash('sha256', bearer.token)
    return this.#answers.about(key, () => this.#directory.groupsOf(bearer))
  }
}

/** The two ways to complete a caller. Once for a remembered token and answer: what is found for a principal is found once, too. */
function completions(directory: Directory, isOther: (group: string) => boolean) {
  const named = (groups: readonly string[]) => directory.named?.(groups) ?? groups
  const withNames = oncePer((authenticated: Authenticated) => withGroups(authenticated, named(authenticated.principal.groups)))
  const withListed = oncePer((authenticated: Authenticated) =>
    oncePer((listed: readonly string[]): Authenticated => {
      // A name that is required counts as little as its object id where only the token has it.
      const own = named(authenticated.principal.groups).filter(isOther)
      const completed = withGroups(authenticated, [...own, ...named(listed)])
      return { ...completed, principal: { ...completed.principal, groupsFrom: 'directory' }, overage: false }
    }),
  )
  return { withNames, withListed }
}

/**
 * Completes a token whose groups are missing or too many to list, and gives groups their names in the configuration. Groups that the token
 * lists are not looked up, unless some are `required`: those count only if the directory lists them, so that who was taken out of one is
 * locked out before the token ends.
 */
export function withDirectory(
  authenticator: Authenticator,
  directory: Directory | null,
  required: readonly string[] = [],
): Authenticator {
  if (directory === null) return authenticator
  const isOther = (group: string) => !required.includes(group)
  const { withNames, withListed } = completions(directory, isOther)

  async function complete(authenticated: Authenticated, authorization: readonly string[]): Promise<Authenticated> {
    const { principal, overage, unlisted = false } = authenticated
    const isComplete = !overage && !unlisted && principal.groups.length > 0
    if (isComplete && required.length === 0) return withNames(authenticated)
    const listed = (await directory?.groupsOf({ principal, token: readBearerToken(authorization) })) ?? []
    return withListed(authenticated)(listed)
  }

  return {
    async authenticate(authorization): Promise<Authenticated> {
      const authenticated = await authenticator.authenticate(authorization)
      if (!directory.serves(authenticated)) return authenticated
      try {
        return await complete(authenticated, authorization)
      } catch (error) {
        // Roles of the token count even so; what they do not give is unknown, and neither none nor all.
        const own = authenticated.principal.groups.filter(isOther)
        if (!(error instanceof Refusal) || own.length === 0) throw error
        return { ...withGroups(authenticated, own), unknownGroups: error }
      }
    },
  }
}

function withGroups(authenticated: Authenticated, groups: readonly string[]): Authenticated {
  const { principal } = authenticated
  if (groups === principal.groups) return authenticated
  return { ...authenticated, principal: { ...principal, groups: Object.freeze([...new Set(groups)]) } }
}
