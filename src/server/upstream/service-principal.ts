import type { Logger } from 'pino'
import { Agent, type Dispatcher, request } from 'undici'
import { Refusal } from '../../policy/reasons.ts'
import type { ServicePrincipal } from '../config/config-types.ts'
import { isMapping } from '../config/mapping.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { readSecretFile } from '../config/secret-file.ts'
import { outboundConnector, throughProxy } from '../network/connector.ts'
import { describeNetworkError } from '../network/network-error.ts'

/** Milliseconds. A token is renewed this long before it expires, or when a quarter of its lifetime is left, whichever is later. */
const ahead = 5 * 60_000
/** Milliseconds between attempts to renew a token that is still valid. */
const patience = 10_000
const timeout = 10_000

/** A token and its expiry, by the requester's clock. */
interface Held {
  readonly token: string
  readonly renewAt: number
  readonly endsAt: number
}

function readGrant(text: string): { token: string; seconds: number } | null {
  let grant: unknown
  try {
    grant = JSON.parse(text)
  } catch {
    return null
  }
  if (!isMapping(grant) || typeof grant.access_token !== 'string' || !/^[!-~]+$/.test(grant.access_token)) return null
  const seconds = Number(grant.expires_in)
  return Number.isFinite(seconds) && seconds > 0 ? { token: grant.access_token, seconds } : null
}

/** Entra's error codes; its messages may contain more than a log should. */
function problemOf(status: number, text: string): string {
  try {
    const answer: unknown = JSON.parse(text)
    if (isMapping(answer) && typeof answer.error === 'string') {
      const codes = Array.isArray(answer.error_codes) ? ` (AADSTS${answer.error_codes.map(Number).join(', AADSTS')})` : ''
      return `the issuer answers ${answer.error}${codes}`
    }
  } catch {
    // Told below.
  }
  return `the issuer answers ${status}, and no token`
}

/** Tokens of a service principal (client credentials, version 2 endpoint): cached until shortly before they expire, and requested once at a time. */
export class ServicePrincipalTokens {
  readonly #principal: ServicePrincipal
  readonly #log: Pick<Logger, 'warn'>
  readonly #clock: () => number
  readonly #dispatcher: Dispatcher
  #held: Held | null = null
  #flight: Promise<void> | null = null
  #failedAt = Number.NEGATIVE_INFINITY
  #droppedAt = Number.NEGATIVE_INFINITY
  #failure: Error | null = null

  /** `clock` counts milliseconds. */
  constructor(
    principal: ServicePrincipal,
    log: Pick<Logger, 'warn'>,
    clock: () => number = () => performance.now(),
    outbound?: Outbound,
  ) {
    // One request per hour: no connection is kept for it.
    this.#dispatcher = throughProxy(new Agent({ pipelining: 0, connect: outboundConnector(outbound, timeout) }), outbound)
    this.#principal = principal
    this.#log = log
    this.#clock = clock
  }

  /** A valid token. Throws Refusal 'upstream-unavailable' if there is none. */
  async read(): Promise<string> {
    const now = this.#clock()
    const held = this.#held !== null && now < this.#held.endsAt ? this.#held : null
    if (held !== null && now < held.renewAt) return held.token
    const tired = now - this.#failedAt < (held === null ? 1_000 : patience)
    if (!tired) this.#flight ??= this.#renew().finally(() => (this.#flight = null))
    // A token that is still valid is used while the next one is requested.
    if (held !== null) return held.token
    await this.#flight
    if (this.#held !== null && this.#clock() < this.#held.endsAt) return this.#held.token
    const refusal = new Refusal(
      'upstream-unavailable',
      'The proxy cannot get credentials for MLflow at the moment. Try again shortly.',
    )
    refusal.cause = this.#failure
    throw refusal
  }

  /**
   * Records that the upstream does not accept a token; true if a new one is requested, for which the next caller waits. A second token
   * refused within ten seconds is kept: another one would not help.
   */
  drop(token: string): boolean {
    if (this.#held?.token !== token) return true
    if (this.#clock() - this.#droppedAt < patience) return false
    this.#droppedAt = this.#clock()
    this.#held = null
    return true
  }

  async #renew(): Promise<void> {
    const { clientId } = this.#principal
    const asked = this.#clock()
    try {
      const { token, seconds } = await this.#ask()
      const life = seconds * 1_000
      this.#held = { token, renewAt: asked + Math.max(life - ahead, (life * 3) / 4), endsAt: asked + life - 1_000 }
      this.#failure = null
    } catch (error) {
      this.#failedAt = this.#clock()
      this.#failure = new Error(describeNetworkError(error), { cause: error })
      this.#log.warn({ problem: this.#failure.message, clientId }, 'no token for MLflow is available')
    }
  }

  async #ask(): Promise<{ token: string; seconds: number }> {
    const { authority, tenantId, clientId, clientSecretFile, scope } = this.#principal
    const form = {
      grant_type: 'client_credentials',
      client_id: clientId,
      // Read each time, because secrets are replaced while the proxy runs.
      client_secret: readSecretFile(clientSecretFile),
      scope,
    }
    const { statusCode, body } = await request(`${authority}/${tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      dispatcher: this.#dispatcher,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams(form).toString(),
      headersTimeout: timeout,
      bodyTimeout: timeout,
    })
    const text = await body.text()
    const grant = statusCode === 200 ? readGrant(text) : null
    if (grant === null) throw new Error(problemOf(statusCode, text))
    return grant
  }
}
