import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Authenticated } from '../../policy/identity/claims.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import { databricksAudience } from '../config/databricks-audience.ts'
import type { Authenticator } from './authenticate.ts'
import { readBearerToken } from './compact-token.ts'

/** A caller whose token was verified. */
export interface Bearer {
  readonly principal: Principal
  readonly token: string
}

/**
 * Looks up a caller's groups if the token does not list them. Rejects with a Refusal if that fails: only an empty list means that a caller
 * has no groups. Another directory is another class beside `DatabricksDirectory`.
 */
export interface Directory {
  groupsOf(bearer: Bearer): Promise<readonly string[]>
}

/** How many tokens' groups are cached, and for how many milliseconds. */
const kept = { tokens: 10_000, groups: 200_000, for: 5 * 60_000 } as const

/** Asks another directory once per token, however many requests wait for it, and caches the answer for five minutes. */
export class RememberedDirectory implements Directory {
  readonly #directory: Directory
  readonly #known: LRUCache<string, readonly string[]>
  readonly #underWay = new Map<string, Promise<readonly string[]>>()

  /** `clock` counts milliseconds. */
  constructor(directory: Directory, clock: () => number = () => performance.now()) {
    this.#directory = directory
    this.#known = new LRUCache({ max: kept.tokens, maxSize: kept.groups, ttl: kept.for, ttlResolution: 0, perf: { now: clock } })
  }

  async groupsOf(bearer: Bearer): Promise<readonly string[]> {
    const key = hash('sha256', bearer.token)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    // Failures are not cached: the next request asks again.
    const running = this.#underWay.get(key) ?? this.#ask(key, bearer).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, running)
    return running
  }

  async #ask(key: string, bearer: Bearer): Promise<readonly string[]> {
    const groups = await this.#directory.groupsOf(bearer)
    this.#known.set(key, groups, { size: groups.length + 1 })
    return groups
  }
}

/** Completes a token whose groups are missing or too many to list. Groups that the token lists are not looked up. */
export function withDirectory(authenticator: Authenticator, directory: Directory | null): Authenticator {
  if (directory === null) return authenticator
  return {
    async authenticate(authorization): Promise<Authenticated> {
      const authenticated = await authenticator.authenticate(authorization)
      const { principal, overage, audience } = authenticated
      if (!overage && principal.groups.length > 0) return authenticated
      // A token is only sent to the service that it was issued for.
      if (audience !== databricksAudience) return authenticated
      const listed = await directory.groupsOf({ principal, token: readBearerToken(authorization) })
      const groups = Object.freeze([...new Set([...principal.groups, ...listed])])
      return { ...authenticated, principal: { ...principal, groups, groupsFrom: 'directory' }, overage: false }
    },
  }
}
