import type { Dispatcher } from 'undici'
import { parseIfJson } from '../../policy/messages/json/json-text.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { TokenReviewSettings } from '../config/issuer-settings.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { readSecretFile } from '../config/secret-file.ts'
import { askBounded } from '../network/ask-bounded.ts'
import { questionAgent } from '../network/connector.ts'
import { Throttled } from '../upstream/throttled.ts'

const largestAnswer = 64 * 1024
const answerWithin = 3_000

/** The API server of a cluster, as far as it tells whether a token holds (TokenReview of authentication.k8s.io/v1). */
export class TokenReviewClient {
  readonly #name: string
  readonly #settings: TokenReviewSettings
  readonly #dispatcher: Dispatcher

  /** `name`: what people call the cluster. */
  constructor(name: string, settings: TokenReviewSettings, outbound?: Outbound) {
    this.#name = name
    this.#settings = settings
    this.#dispatcher = questionAgent(outbound, answerWithin)
  }

  /**
   * Resolves if a token holds, is for `audience` and is `username`'s. Rejects with Refusal 'unauthenticated' if it holds no longer, and with
   * another one, whose cause says more, if the API server does not tell.
   */
  async review(token: string, username: string, audience: string): Promise<void> {
    const spec = { token, audiences: [audience] }
    const { status, retryAfter, text } = await this.#post({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec })
    if (status === 429) throw new Throttled(retryAfter, 'The Kubernetes API server')
    if (status === 401 || status === 403) throw this.#refusal(status)
    if (status >= 500) throw this.#unavailable(new Error(`it answered with status ${status}`))
    const answer = parseIfJson(text)
    const said = answer instanceof Map && answer.get('kind') === 'TokenReview' ? answer.get('status') : undefined
    if (status !== 201 || !(said instanceof Map)) throw this.#unknown()
    // Kubernetes leaves it out where it is false.
    if ((said.get('authenticated') ?? false) === false) throw gone()
    const [user, audiences] = [said.get('user'), said.get('audiences')]
    const isSame = said.get('authenticated') === true && user instanceof Map && user.get('username') === username
    // Without audiences it has been judged as a token for the API server.
    if (!isSame || !Array.isArray(audiences) || !audiences.includes(audience)) throw this.#unknown()
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy()
  }

  async #post(message: object) {
    const { url, tokenFile } = this.#settings
    const common = { dispatcher: this.#dispatcher, within: answerWithin, most: largestAnswer }
    try {
      const token = readSecretFile(tokenFile)
      return await askBounded(`${url}/apis/authentication.k8s.io/v1/tokenreviews`, { ...common, token, message })
    } catch (error) {
      throw this.#unavailable(error)
    }
  }

  #unavailable(cause: unknown): Refusal {
    const message = `The API server of ${this.#name} cannot be asked about your token at the moment. Try again shortly.`
    return Object.assign(new Refusal('issuer-unavailable', message), { cause })
  }

  #refusal(status: 401 | 403): Refusal {
    const what =
      status === 401
        ? 'does not accept the token of the proxy'
        : 'refuses to review tokens for the proxy: its service account needs the cluster role system:auth-delegator'
    return new Refusal('upstream-refused', `The API server of ${this.#name} ${what}. Tell the operators of the proxy.`)
  }

  #unknown(): Refusal {
    return new Refusal(
      'unknown-answer',
      `The answer of the API server of ${this.#name} about your token has an unknown form. Tell the operators of the proxy.`,
    )
  }
}

function gone(): Refusal {
  return new Refusal(
    'unauthenticated',
    'Kubernetes no longer accepts the token: its pod or service account may be gone. Send the token that is in the projected file now.',
  )
}
