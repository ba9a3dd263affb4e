import { Refusal } from '../../policy/reasons.ts'
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
  /** When they were asked for once. */
  readonly tried: Promise<void>
  readonly #options: GroupNameOptions
  #names: ReadonlyMap<string, string> | null = null
  #attempts = 0
  #cancel = () => {}
  #closed = false

  constructor(options: GroupNameOptions) {
    this.#options = options
    this.tried = this.#look()
  }

  get ready(): boolean {
    return this.#names !== null
  }

  /** The groups with the configured names of those that have one. Throws a Refusal while the names are unknown. */
  add(groups: readonly string[]): readonly string[] {
    if (this.#names === null) throw notYet()
    const names = groups.flatMap((group) => this.#names?.get(group.toLowerCase()) ?? [])
    return names.length === 0 ? groups : Object.freeze([...new Set([...groups, ...names])])
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
