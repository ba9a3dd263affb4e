import type { Authenticated } from '../../policy/identity/claims.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { Refusal } from '../../policy/reasons.ts'
import { databricksAudience } from '../config/databricks-audience.ts'
import { parseAnswer } from '../upstream/parse-answer.ts'
import { Throttled } from '../upstream/throttled.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import type { Bearer, Directory } from './directory.ts'

/** A longer list of groups is not trusted: Databricks has no account with so many. */
const mostGroups = 10_000

/** The refusal of an answer that cannot be understood. */
export function unknown(): Refusal {
  return new Refusal(
    'unknown-answer',
    "The Databricks workspace's answer about your groups has an unknown form. Tell the operators of the proxy.",
  )
}

/** Throws a Refusal for anything but an answer about the caller. */
export function checkAnswer({ status, retryAfter }: UpstreamAnswer): void {
  if (status === 200) return
  if (status === 429) throw new Throttled(retryAfter ?? 1)
  if (status === 401) {
    throw new Refusal(
      'unauthenticated',
      'The Databricks workspace does not accept your token, so your groups are unknown. Send a new one.',
    )
  }
  if (status === 403) {
    throw new Refusal(
      'no-environment',
      'The Databricks workspace refuses you, so your groups are unknown. Ask its administrators to add you.',
    )
  }
  if (status >= 500) {
    throw new Refusal(
      'upstream-unavailable',
      'The Databricks workspace cannot return your groups at the moment. Try again shortly.',
    )
  }
  throw unknown()
}

function nameOf(group: Json): string {
  const name = group instanceof Map ? group.get('display') : undefined
  if (typeof name !== 'string' || name === '') throw unknown()
  return name
}

/** The groups in a workspace's answer about a caller (SCIM `Me`), by display name. Throws Refusal, also for who is not active. */
export function readGroups(me: JsonObject): readonly string[] {
  // A user without `active` may be inactive.
  if (me.get('active') !== true) {
    throw new Refusal(
      'no-environment',
      'The Databricks workspace says that you are not active there. Ask its administrators to activate you.',
    )
  }
  const groups = me.get('groups') ?? []
  if (!Array.isArray(groups) || groups.length > mostGroups) throw unknown()
  return Object.freeze([...new Set(groups.map(nameOf))])
}

/** The groups of a caller in a Databricks workspace, direct and indirect, by display name: looked up with the caller's own token. */
export class DatabricksDirectory implements Directory {
  readonly #upstream: Pick<Upstream, 'askWho'>
  readonly #tenants: readonly string[]

  /** `tenants`: those of Microsoft Entra ID whose tokens the workspace may see. */
  constructor(upstream: Pick<Upstream, 'askWho'>, tenants: readonly string[]) {
    this.#upstream = upstream
    this.#tenants = tenants
  }

  serves({ audience, principal }: Authenticated): boolean {
    return audience === databricksAudience && this.#tenants.includes(principal.tenantId)
  }

  async groupsOf({ token }: Bearer): Promise<readonly string[]> {
    const answer = await this.#upstream.askWho(token)
    checkAnswer(answer)
    return readGroups(parseAnswer(answer))
  }
}
