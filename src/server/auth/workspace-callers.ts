import { hash } from 'node:crypto'
import type { Authenticated } from '../../policy/identity/claims.ts'
import { guid } from '../../policy/identity/guid.ts'
import type { Principal } from '../../policy/identity/principal.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { refusesCredentials } from '../upstream/authentication-errors.ts'
import { parseAnswer } from '../upstream/parse-answer.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import { checkAnswer, readGroups, unknown } from './databricks-directory.ts'
import { type Kept, RememberedAnswers } from './remembered-answers.ts'

/** For a minute a token that was revoked still works; one that is refused is asked about once in ten seconds, so that guessing costs little. */
const kept: Kept<Principal> = { callers: 10_000, fresh: 60_000, stale: 60_000, refused: 10_000 }

/** Asks a Databricks workspace who holds one of its own tokens. */
export interface WorkspaceOptions {
  /** The workspace's address, for which the caller's id stands: `https://<host>`. */
  readonly url: string
  /** SCIM `Me` with the caller's token, which goes to this workspace alone. */
  readonly askWho: (token: string) => Promise<UpstreamAnswer>
  /** Milliseconds. */
  readonly clock?: () => number
}

/** The callers of a workspace by their tokens: the workspace knows whether a token is good, whose it is and in which groups they are. */
export class WorkspaceCallers {
  readonly #options: WorkspaceOptions
  readonly #answers: RememberedAnswers<Principal>

  constructor(options: WorkspaceOptions) {
    this.#options = options
    this.#answers = new RememberedAnswers(kept, options.clock)
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

  #who(token: string): Promise<Principal> {
    return this.#answers.about(hash('sha256', token), () => this.#ask(token))
  }

  async #ask(token: string): Promise<Principal> {
    const answer = await this.#options.askWho(token)
    checkAnswer(refusesCredentials('databricks', answer) ? { ...answer, status: 401 } : answer)
    return readCaller(this.#options.url, parseAnswer(answer))
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
