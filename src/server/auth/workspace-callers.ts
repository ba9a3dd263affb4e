import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Authenticated } from '../../policy/identity/claims.ts'
import { guid } from '../../policy/identity/guid.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { Refusal } from '../../policy/reasons.ts'
import { refusesCredentials } from '../upstream/authentication-errors.ts'
import { parseAnswer } from '../upstream/parse-answer.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import { checkAnswer, readGroups, unknown } from './databricks-directory.ts'

/** Milliseconds for which a workspace's answer about a token counts: for so long a token that was revoked still works. */
const kept = { callers: 10_000, known: 60_000, refused: 10_000 } as const

/** Asks a Databricks workspace who holds one of its own tokens. */
export interface WorkspaceOptions {
  /** The workspace's address, for which the caller's id stands: `https://<host>`. */
  readonly url: string
  /** SCIM `Me` with the caller's token, which goes to this workspace alone. */
  readonly askWho: (token: string) => Promise<UpstreamAnswer>
  /** Milliseconds. */
  readonly clock?: () => number
}

type Answer = { readonly principal: Principal } | { readonly refusal: Refusal }

/**
 * The callers of a workspace by their tokens: the workspace knows whether a token is good, whose it is and in which groups they are. Each
 * token is asked about once a minute, by its hash; one that is refused, once in ten seconds, so that guessing costs the workspace little.
 */
export class WorkspaceCallers {
  readonly #options: WorkspaceOptions
  readonly #known: LRUCache<string, Answer>
  readonly #underWay = new Map<string, Promise<Answer>>()

  constructor(options: WorkspaceOptions) {
    this.#options = options
    const now = options.clock ?? (() => performance.now())
    this.#known = new LRUCache({ max: kept.callers, ttl: kept.known, ttlResolution: 0, perf: { now } })
  }

  /** Who holds a personal access token, of which nothing else is known. Rejects with a Refusal. */
  async personal(token: string): Promise<Authenticated> {
    const principal = await this.#who(token)
    const { url } = this.#options
    return {
      principal,
      overage: false,
      audience: url,
      validity: { issuedAt: 0, notBefore: 0, expiresAt: Number.MAX_SAFE_INTEGER },
    }
  }

  /** The holder of a token whose signature and times were verified, as the workspace knows them. Rejects with a Refusal. */
  async confirm(token: string, authenticated: Authenticated): Promise<Authenticated> {
    const { unlisted: _, ...verified } = authenticated
    return { ...verified, principal: await this.#who(token) }
  }

  async #who(token: string): Promise<Principal> {
    const key = hash('sha256', token)
    const answer = this.#known.get(key) ?? (await this.#askOnce(key, token))
    if ('refusal' in answer) throw answer.refusal
    return answer.principal
  }

  #askOnce(key: string, token: string): Promise<Answer> {
    const running = this.#underWay.get(key) ?? this.#ask(key, token).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, running)
    return running
  }

  async #ask(key: string, token: string): Promise<Answer> {
    try {
      const answer = await this.#options.askWho(token)
      checkAnswer(refusesCredentials('databricks', answer) ? { ...answer, status: 401 } : answer)
      const principal = readCaller(this.#options.url, parseAnswer(answer))
      this.#known.set(key, { principal })
      return { principal }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const isAnswer = error.reason === 'unauthenticated' || error.reason === 'no-environment'
      if (isAnswer) this.#known.set(key, { refusal: error }, { ttl: kept.refused })
      return { refusal: error }
    }
  }
}

/** A caller as the workspace describes them: its own id for them never changes, while user names do. */
function readCaller(url: string, me: JsonObject): Principal {
  const groups = readGroups(me)
  const [id, name] = [me.get('id'), me.get('userName')]
  if (typeof id !== 'string' || !/^[0-9]{1,30}$/.test(id) || typeof name !== 'string' || name === '') throw unknown()
  // An application's id is its user name in a workspace.
  const kind = guid.test(name) ? 'application' : 'user'
  return Object.freeze({ tenantId: url, objectId: id, kind, groups, groupsFrom: 'directory', name: name.slice(0, 255) })
}
