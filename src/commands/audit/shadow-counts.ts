import { plural } from '../../policy/plural.ts'
import type { AuditLine } from '../../server/observability/audit-fields.ts'
import { showWho } from './audit-summary.ts'

/** What one caller would be refused. */
export interface ShadowCount {
  readonly environment: string | null
  readonly reason: string
  readonly who: string
  readonly endpoint: string
  /** The last thing that it was about, as the caller wrote it; null: it named none. */
  readonly example: string | null
  count: number
}

/** Counts of what environments in shadow let pass. */
export class ShadowCounts {
  readonly #counts = new Map<string, ShadowCount>()

  add(line: AuditLine): void {
    const { environment, endpoint, wouldRefuse: reason, references } = line
    // Lines of older versions have no such field.
    if (reason === null || reason === undefined) return
    const who = showWho(line)
    const key = JSON.stringify([environment, reason, who, endpoint])
    const count = (this.#counts.get(key)?.count ?? 0) + 1
    const example = references[0] === undefined ? null : `${references[0].kind} ${references[0].logical}`
    this.#counts.set(key, { environment, reason, who, endpoint, example, count })
  }

  /** The most frequent first. */
  rows(): readonly ShadowCount[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count)
  }
}

/** The counts for a person. */
export function describeShadow(rows: readonly ShadowCount[]): string {
  if (rows.length === 0) return 'Nothing would be refused.\n'
  const lines = rows.map(({ environment, reason, who, endpoint, example, count }) => {
    const what = example === null ? endpoint : `${endpoint}, such as ${example}`
    return `  ${String(count).padStart(5)}  ${environment}: ${reason}  ${who}: ${what}\n`
  })
  const total = rows.reduce((sum, { count }) => sum + count, 0)
  return `${plural(total, 'request')} would be refused\n${lines.join('')}`
}
