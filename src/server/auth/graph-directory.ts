import type { Authenticated } from '../../policy/identity/claims.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Bearer, Directory } from './directory.ts'
import { idOf, rowsOf, unknownAnswer } from './graph-answer.ts'
import type { GraphAnswer, GraphClient } from './graph-client.ts'
import type { GroupNames } from './group-name-watch.ts'

/** Pages of 999 groups; Graph answers up to 11,000 groups at once, and nobody is in five times as many. */
const mostPages = 50

/** The groups of a caller in Microsoft Entra ID, direct and indirect, by object id. */
export class GraphDirectory implements Directory {
  readonly #client: Pick<GraphClient, 'ask' | 'nextPage' | 'close'>
  readonly #names: GroupNames
  readonly #tenantId: string

  /** `names`: what the configuration calls groups of the tenant. */
  constructor(client: Pick<GraphClient, 'ask' | 'nextPage' | 'close'>, tenantId: string, names: GroupNames) {
    this.#client = client
    this.#tenantId = tenantId
    this.#names = names
  }

  named(groups: readonly string[]): readonly string[] {
    return this.#names.add(groups)
  }

  tried(): Promise<void> {
    return this.#names.tried
  }

  concern(): string | null {
    return this.#names.ready
      ? null
      : 'groups of the configuration could not be looked up in Microsoft Graph: they stand for nobody'
  }

  async close(): Promise<void> {
    this.#names.close()
    await this.#client.close()
  }

  /** Object ids mean something in their own tenant only. */
  serves({ principal }: Authenticated): boolean {
    return principal.tenantId === this.#tenantId
  }

  keyOf({ principal }: Bearer): string {
    return `${principal.kind} ${principal.objectId}`
  }

  async groupsOf({ principal: { kind, objectId } }: Bearer): Promise<readonly string[]> {
    const path = `/${kind === 'user' ? 'users' : 'servicePrincipals'}/${objectId}`
    const answer = await this.#client.ask(`${path}/getMemberGroups`, { securityEnabledOnly: false })
    if (answer.status === 200) return readIds(answer.content)
    if (answer.status === 400 && codeOf(answer) === 'Directory_ResultSizeLimitExceeded') return this.#page(path)
    return refuse(answer.status, kind)
  }

  /** For more groups than one answer holds. */
  async #page(path: string): Promise<readonly string[]> {
    const groups = new Set<string>()
    let next: string | null = `${path}/transitiveMemberOf?$select=id&$top=999`
    for (let pages = 0; next !== null; pages++) {
      if (pages === mostPages) throw unknownAnswer()
      const answer: GraphAnswer = await this.#client.ask(next)
      if (answer.status !== 200) return refuse(answer.status, 'user')
      for (const member of rowsOf(answer.content)) {
        // Roles of the directory and administrative units are members, too.
        if (member instanceof Map && member.get('@odata.type') === '#microsoft.graph.group') groups.add(idOf(member.get('id')))
      }
      next = this.#client.nextPage(answer)
    }
    return Object.freeze([...groups])
  }
}

function readIds(content: JsonObject): readonly string[] {
  return Object.freeze([...new Set(rowsOf(content).map(idOf))])
}

function codeOf({ content }: GraphAnswer): Json | undefined {
  const error = content.get('error')
  return error instanceof Map ? error.get('code') : undefined
}

function refuse(status: GraphAnswer['status'], kind: 'user' | 'application'): never {
  if (status !== 404) throw unknownAnswer()
  const what = kind === 'user' ? 'user' : 'service principal'
  throw new Refusal(
    'no-environment',
    `Microsoft Entra ID has no ${what} with your object id any more. Ask an administrator of the tenant.`,
  )
}
