import type { Authenticated } from '../../policy/identity/claims.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Authenticator } from './authenticate.ts'
import type { NamedGroup } from './group-names.ts'

/** Milliseconds between attempts to look up the names of groups, while the directory fails; the last one repeats. */
const waits = [1_000, 5_000, 30_000]

export interface GroupNameOptions {
  /** Looks up all names. Rejects while the directory fails. */
  readonly resolve: () => Promise<readonly NamedGroup[]>
  /** Hears what was found, once, or why nothing was. */
  readonly report: (found: readonly NamedGroup[], problem: string | null) => void
  readonly later?: (work: () => void, milliseconds: number) => () => void
}

/**
 * The names of groups in the configuration with their object ids, looked up once: a group that gets such a name later is not meant. Until
 * the directory has answered, names stand for no group, and whoever lacks one is told that it is unknown.
 */
export class GroupNames {
  readonly #options: GroupNameOptions
  #names: ReadonlyMap<string, string> | null = null
  #attempts = 0
  #cancel = () => {}
  #closed = false

  constructor(options: GroupNameOptions) {
    this.#options = options
    void this.#look()
  }

  get ready(): boolean {
    return this.#names !== null
  }

  /** The caller with the configured names of their groups beside the object ids. */
  name(authenticated: Authenticated): Authenticated {
    if (this.#names === null) return { ...authenticated, unknownGroups: authenticated.unknownGroups ?? notYet() }
    const { principal } = authenticated
    const names = principal.groups.flatMap((group) => this.#names?.get(group.toLowerCase()) ?? [])
    if (names.length === 0) return authenticated
    const groups = Object.freeze([...new Set([...principal.groups, ...names])])
    return { ...authenticated, principal: { ...principal, groups } }
  }

  close(): void {
    this.#closed = true
    this.#cancel()
  }

  async #look(): Promise<void> {
    try {
      const found = await this.#options.resolve()
      this.#names = new Map(found.flatMap(({ name, id }): [string, string][] => (id === null ? [] : [[id, name]])))
      if (!this.#closed) this.#options.report(found, null)
    } catch (error) {
      if (this.#closed) return
      this.#options.report([], error instanceof Error ? error.message : String(error))
      const wait = waits[Math.min(this.#attempts, waits.length - 1)] ?? 0
      this.#attempts += 1
      this.#cancel = (this.#options.later ?? later)(() => void this.#look(), wait)
    }
  }
}

/** Gives callers of one tenant the configured names of their groups: object ids mean nothing in the token of another issuer. */
export function withGroupNames(authenticator: Authenticator, names: GroupNames, tenantId: string): Authenticator {
  return {
    async authenticate(authorization): Promise<Authenticated> {
      const authenticated = await authenticator.authenticate(authorization)
      return authenticated.principal.tenantId === tenantId ? names.name(authenticated) : authenticated
    },
  }
}

function notYet(): Refusal {
  return new Refusal(
    'upstream-unavailable',
    'The groups in the configuration have not been found in Microsoft Graph yet, so yours are unknown. Try again shortly.',
  )
}

function later(work: () => void, milliseconds: number): () => void {
  const timer = setTimeout(work, milliseconds).unref()
  return () => clearTimeout(timer)
}
