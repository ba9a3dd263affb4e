import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Authenticated } from '../../policy/identity/claims.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import { oncePer } from '../../policy/once-per.ts'
import { type Reason, Refusal } from '../../policy/reasons.ts'
import { secondsToWait } from '../network/retry-after.ts'
import { Throttled } from '../upstream/throttled.ts'
import type { Authenticator } from './authenticate.ts'
import { readBearerToken } from './compact-token.ts'

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

/** How many callers' groups are cached; for how many milliseconds they count, and count still while the directory cannot be asked. */
const kept = { callers: 10_000, groups: 200_000, fresh: 5 * 60_000, stale: 30 * 60_000 } as const
/** Milliseconds for which a directory that failed is left alone, unless it says for how long. */
const rest = { least: 1_000, most: 60_000 } as const

interface Known {
  readonly groups: readonly string[]
  readonly readAt: number
}

/** Refusals by which the directory fails for everybody, and is left alone for a while. */
const outages: readonly Reason[] = ['upstream-unavailable', 'upstream-busy', 'upstream-refused']

/** Whether a refusal is about the directory and no answer about the caller. */
function isFailure(error: unknown): error is Refusal {
  return error instanceof Refusal && [...outages, 'unknown-answer'].includes(error.reason)
}

/**
 * Asks another directory once per caller, however many requests wait for it, and caches the answer for five minutes. While the directory
 * fails, an answer counts for half an hour in all; a definite answer, such as that the caller is gone, ends that at once.
 */
export class RememberedDirectory implements Directory {
  readonly #directory: Directory
  readonly #clock: () => number
  readonly #known: LRUCache<string, Known>
  readonly #underWay = new Map<string, Promise<readonly string[]>>()
  #failure: { readonly refusal: Refusal; readonly until: number } | null = null

  /** `clock` counts milliseconds. */
  constructor(directory: Directory, clock: () => number = () => performance.now()) {
    this.#directory = directory
    this.#clock = clock
    this.#known = new LRUCache({
      max: kept.callers,
      maxSize: kept.groups,
      ttl: kept.stale,
      ttlResolution: 0,
      perf: { now: clock },
    })
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

  async groupsOf(bearer: Bearer): Promise<readonly string[]> {
    const key = this.#directory.keyOf?.(bearer) ?? hash('sha256', bearer.token)
    const known = this.#known.get(key)
    if (known !== undefined && this.#clock() - known.readAt < kept.fresh) return known.groups
    // Failures are not cached: a request after the rest asks again.
    const running = this.#underWay.get(key) ?? this.#ask(key, bearer).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, running)
    return running
  }

  async #ask(key: string, bearer: Bearer): Promise<readonly string[]> {
    try {
      if (this.#failure !== null && this.#clock() < this.#failure.until) throw this.#failure.refusal
      const groups = await this.#directory.groupsOf(bearer)
      this.#known.set(key, { groups, readAt: this.#clock() }, { size: groups.length + 1 })
      return groups
    } catch (error) {
      const known = this.#known.get(key)
      if (!isFailure(error)) this.#known.delete(key)
      else if (outages.includes(error.reason) && error !== this.#failure?.refusal) this.#rest(error)
      if (isFailure(error) && known !== undefined) return known.groups
      throw error
    }
  }

  #rest(refusal: Refusal): void {
    const said = refusal instanceof Throttled ? secondsToWait(refusal.retryAfter) * 1_000 : 0
    this.#failure = { refusal, until: this.#clock() + Math.min(Math.max(said, rest.least), rest.most) }
  }
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
  const named = (groups: readonly string[]) => directory.named?.(groups) ?? groups

  // Once for a remembered token and answer: what is found for a principal is found once, too.
  const withNames = oncePer((authenticated: Authenticated) => withGroups(authenticated, named(authenticated.principal.groups)))
  const withListed = oncePer((authenticated: Authenticated) =>
    oncePer((listed: readonly string[]): Authenticated => {
      // A name that is required counts as little as its object id where only the token has it.
      const own = named(authenticated.principal.groups).filter(isOther)
      const completed = withGroups(authenticated, [...own, ...named(listed)])
      return { ...completed, principal: { ...completed.principal, groupsFrom: 'directory' }, overage: false }
    }),
  )

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
