import type { Dispatcher } from 'undici'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { parseIfJson } from '../../policy/messages/json/json-text.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import type { OwnToken } from '../credentials/open-credentials.ts'
import { askBounded } from '../network/ask-bounded.ts'
import { questionAgent } from '../network/connector.ts'
import { Throttled } from '../upstream/throttled.ts'

/** An answer of Microsoft Graph that is neither a failure of its own nor a refusal of the proxy. */
export interface GraphAnswer {
  readonly status: 200 | 400 | 404
  /** Empty if the answer is no JSON object. */
  readonly content: JsonObject
}

const largestAnswer = 2 * 1024 * 1024
const answerWithin = 5_000

/** Asks Microsoft Graph with the proxy's own identity. */
export class GraphClient {
  readonly #url: string
  readonly #identity: OwnToken
  readonly #dispatcher: Dispatcher

  /** `url` is an origin, such as `https://graph.microsoft.com`; national clouds have their own. */
  constructor(url: string, identity: OwnToken, outbound?: Outbound) {
    this.#url = url
    this.#identity = identity
    this.#dispatcher = questionAgent(outbound, answerWithin)
  }

  /** Gets a path below version 1.0, or posts to it. Rejects with a Refusal that says what an administrator has to do. */
  async ask(path: string, message?: object): Promise<GraphAnswer> {
    const token = await this.#identity.read()
    const { status, retryAfter, text } = await this.#send(`${this.#url}/v1.0${path}`, token, message)
    if (status === 429) throw new Throttled(retryAfter, 'Microsoft Graph')
    if (status === 401) this.#identity.drop?.(token)
    if (status === 401 || status === 403) throw refusalOf(status)
    if (status !== 200 && status !== 400 && status !== 404) throw unavailable()
    const content = parseIfJson(text)
    if (status === 200 && !(content instanceof Map)) throw unavailable()
    return { status, content: content instanceof Map ? content : new Map() }
  }

  /** The path of the next page of an answer, or null. Throws if it leads elsewhere: the proxy's token is for Microsoft Graph alone. */
  nextPage({ content }: GraphAnswer): string | null {
    const link = content.get('@odata.nextLink')
    if (link === undefined) return null
    const start = `${this.#url}/v1.0/`
    if (typeof link === 'string' && link.startsWith(start) && URL.canParse(link)) return link.slice(start.length - 1)
    throw unavailable()
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy()
  }

  async #send(url: string, token: string, message: object | undefined) {
    try {
      return await askBounded(url, { dispatcher: this.#dispatcher, token, message, within: answerWithin, most: largestAnswer })
    } catch (error) {
      const refusal = unavailable()
      refusal.cause = error
      throw refusal
    }
  }
}

function unavailable(): Refusal {
  return new Refusal(
    'upstream-unavailable',
    'Microsoft Graph cannot list your groups at the moment, so they are unknown. Try again shortly.',
  )
}

function refusalOf(status: 401 | 403): Refusal {
  const what =
    status === 401
      ? 'does not accept the credentials of the proxy'
      : 'denies the proxy access to groups: its application needs GroupMember.Read.All, User.ReadBasic.All and Application.Read.All, with consent of an administrator'
  return new Refusal(
    'upstream-refused',
    `Microsoft Graph ${what}. Your groups are unknown until then. Tell the operators of the proxy.`,
  )
}
