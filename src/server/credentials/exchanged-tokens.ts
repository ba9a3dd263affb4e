import { hash } from 'node:crypto'
import { decodeJwt } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { Dispatcher } from 'undici'
import { Refusal } from '../../policy/reasons.ts'
import type { TokenClient } from '../config/config-types.ts'
import type { AskedFor, CredentialSource } from './credential-source.ts'
import { IssuerError } from './issuer-error.ts'
import { refusalOfExchange } from './refused-exchange.ts'
import { RenewedToken } from './renewed-token.ts'
import { type Grant, requestToken } from './token-endpoint.ts'
import { exchangeRequest } from './token-request.ts'

/** How many callers' tokens are cached, and for how many milliseconds after their last use. */
const kept = { max: 10_000, ttl: 60 * 60_000, updateAgeOnGet: true } as const

function tokenOf({ authorization }: AskedFor): string | null {
  return authorization?.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : null
}

/** Whether a verified token is a user's. */
function isOfUser(token: string): boolean {
  const { scp } = decodeJwt(token)
  return typeof scp === 'string'
}

/** Callers' tokens, each exchanged for one that the upstream takes and that still says who the caller is. */
export class ExchangedTokens implements CredentialSource {
  readonly #client: TokenClient
  readonly #dispatcher: Dispatcher
  readonly #log: Pick<Logger, 'warn'>
  readonly #clock: (() => number) | undefined
  readonly #tokens = new LRUCache<string, RenewedToken>(kept)

  /** `clock` counts milliseconds. */
  constructor(client: TokenClient, dispatcher: Dispatcher, log: Pick<Logger, 'warn'>, clock?: () => number) {
    this.#client = client
    this.#dispatcher = dispatcher
    this.#log = log
    this.#clock = clock
  }

  /** Nothing where the proxy asks for itself. Throws a Refusal that says why a token is not exchanged. */
  async read(caller: AskedFor): Promise<Readonly<Record<string, string>>> {
    const token = tokenOf(caller)
    if (token === null) return {}
    return { authorization: `Bearer ${await this.#of(token).read()}` }
  }

  refuse(caller: AskedFor, { authorization = '' }: Readonly<Record<string, string>>): boolean {
    const token = tokenOf(caller)
    return token !== null && this.#of(token).drop(authorization.slice('Bearer '.length))
  }

  #of(token: string): RenewedToken {
    const key = hash('sha256', token)
    const known = this.#tokens.get(key)
    if (known !== undefined) return known
    const exchanged = new RenewedToken({
      ask: () => this.#exchange(token),
      log: this.#log,
      about: { clientId: this.#client.clientId },
      ...(this.#clock === undefined ? {} : { clock: this.#clock }),
    })
    this.#tokens.set(key, exchanged)
    return exchanged
  }

  async #exchange(token: string): Promise<Grant> {
    if (this.#client.issuer === 'entra' && !isOfUser(token)) {
      throw new Refusal(
        'upstream-forbids',
        'Your token is an application’s, and Microsoft Entra ID lets the proxy act only for users. Ask the operators of the proxy for credentials of your environment.',
      )
    }
    try {
      return await requestToken(this.#dispatcher, await exchangeRequest(this.#client, token))
    } catch (error) {
      throw (error instanceof IssuerError ? refusalOfExchange(this.#client.issuer, error) : null) ?? error
    }
  }
}
