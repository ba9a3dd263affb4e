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
 * Says in which groups a caller is, where the token does not. Rejects with a Refusal when that cannot be found out: who is in no group is
 * told so by an empty list, and by nothing else. Another directory is another class beside `DatabricksDirectory`.
 */
export interface Directory {
  groupsOf(bearer: Bearer): Promise<readonly string[]>
}

/** Groups of one token that are kept, and milliseconds for which they are. */
const kept = { tokens: 10_000, groups: 200_000, for: 5 * 60_000 } as const

/** Asks another directory once for each token, however many requests wait for it, and remembers the answer for five minutes. */
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
    // A failure is not remembered: the next request asks again.
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

/** Completes what a token leaves out: groups that are too many for it, or none at all. What a token does say is not asked for. */
export function withDirectory(authenticator: Authenticator, directory: Directory | null): Authenticator {
  if (directory === null) return authenticator
  return {
    async authenticate(authorization): Promise<Authenticated> {
      const authenticated = await authenticator.authenticate(authorization)
      const { principal, overage, audience } = authenticated
      if (!overage && principal.groups.length > 0) return authenticated
      // A token goes to nobody but whom it is meant for.
      if (audience !== databricksAudience) return authenticated
      const listed = await directory.groupsOf({ principal, token: readBearerToken(authorization) })
      const groups = Object.freeze([...new Set([...principal.groups, ...listed])])
      return { ...authenticated, principal: { ...principal, groups, groupsFrom: 'directory' }, overage: false }
    },
  }
}
