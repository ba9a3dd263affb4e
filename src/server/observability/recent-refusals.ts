import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RequestedReference } from '../../policy/audited-references.ts'
import type { Principal } from '../../policy/identity/principal.ts'

/** What the status page shows of a refused request: all of it is in its audit line, too. */
export interface RecentRefusal {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly environment: string | null
  readonly endpoint: string
  readonly reason: string | null
  readonly status: number
  /** Finds the audit line. */
  readonly requestId: string
  /** Who asked, and for what; null where names are not shown. */
  readonly names: { readonly caller: Principal | null; readonly references: readonly RequestedReference[] } | null
}

/** How many are kept. */
const most = 50

/** The latest refusals, in memory: whoever wants all of them reads the audit. */
export class RecentRefusals {
  readonly #kept: RecentRefusal[] = []
  readonly #withNames: boolean
  #next = 0

  constructor(withNames: boolean) {
    this.#withNames = withNames
  }

  /** Keeps a request whose answer has ended, if it was refused. */
  note({ id, auditRecord }: Pick<FastifyRequest, 'id' | 'auditRecord'>, { statusCode }: Pick<FastifyReply, 'statusCode'>): void {
    if (auditRecord.decision !== 'deny') return
    const { environment, endpoint, reason, principal, references } = auditRecord
    this.#kept[this.#next] = {
      time: Date.now(),
      environment: environment?.name ?? null,
      endpoint,
      reason,
      status: statusCode,
      requestId: id,
      names: this.#withNames ? { caller: principal, references } : null,
    }
    this.#next = (this.#next + 1) % most
  }

  /** The latest first. */
  list(): readonly RecentRefusal[] {
    return [...this.#kept.slice(this.#next), ...this.#kept.slice(0, this.#next)].reverse()
  }
}
