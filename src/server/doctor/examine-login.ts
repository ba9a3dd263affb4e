import { nameRedis } from '../config/config-redis.ts'
import type { Config } from '../config/config-types.ts'
import { askIssuer, issuerDispatcher } from '../credentials/token-endpoint.ts'
import { beginAttempt } from '../login/attempt.ts'
import { IssuerClient } from '../login/issuer-client.ts'
import { issuersWord } from '../login/login-error.ts'
import { RedisLink } from '../login/redis-link.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { type Finding, findingsOf } from './finding.ts'

const { problem, note, fine } = findingsOf(null)

/** What issuers say of a code that is not theirs, to an application that has proved itself. */
const proved = ['invalid_grant', 'invalid_request']

/** Whether the issuer sends browsers back to the proxy: nobody is logged in, so it does at once, or it shows a page of its own. */
async function sendsBack({ outbound }: Config, loginUrl: string): Promise<boolean> {
  const dispatcher = issuerDispatcher(outbound)
  try {
    const { status } = await askIssuer(dispatcher, `${loginUrl}&prompt=none`, { method: 'GET', headers: {} })
    return status >= 300 && status < 400
  } finally {
    await dispatcher.destroy()
  }
}

async function* lookAt(config: Config, client: IssuerClient, publicUrl: string): AsyncGenerator<Finding> {
  const attempt = beginAttempt('/')
  const loginUrl = await client.loginUrl(attempt)
  const said = await client
    .redeem(new URLSearchParams({ code: 'doctor', state: attempt.state, iss: client.issuer }), attempt)
    .then(
      () => null,
      (error: unknown) => {
        const word = issuersWord(error)
        if (word === null) throw error
        return word
      },
    )
  if (said !== null && !proved.includes(said))
    return yield problem('login-client', `The issuer does not accept the application of authentication.login: ${said}.`)
  const back = await sendsBack(config, loginUrl)
  if (back) yield fine('login', `People can log in at ${publicUrl}: the issuer knows the application and its redirect URI.`)
  else yield note('login-redirect', `The issuer did not confirm that ${client.callback} is a redirect URI of the application.`)
}

/** Whether sessions can be kept in Redis: a key is written, read and removed as those of sessions are. */
async function* lookAtRedis({ authentication: { login }, outbound }: Config): AsyncGenerator<Finding> {
  const redis = login?.redis ?? null
  if (redis === null) return
  let said: string | null = null
  const link = new RedisLink(redis, outbound, ({ problem }) => {
    said = problem ?? said
  })
  const name = nameRedis(redis)
  const place = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
  try {
    await link.probe(`${redis.keyPrefix}doctor`)
    yield fine('login', `${place} keeps sessions.`)
  } catch (error) {
    yield problem('login-redis', `${place} cannot keep sessions: ${said ?? describeNetworkError(error)}.`)
  } finally {
    await link.close()
  }
}

/** Can people log in? Nobody is logged in by this. */
export async function* checkLogin(config: Config): AsyncGenerator<Finding> {
  const { entra, login } = config.authentication
  if (login === undefined || entra === undefined) return
  const client = new IssuerClient(login, entra, config.outbound)
  try {
    yield* lookAt(config, client, login.publicUrl)
  } catch (error) {
    yield problem('login-unreachable', `The issuer could not be asked about the login: ${describeNetworkError(error)}.`)
  } finally {
    await client.close()
  }
  yield* lookAtRedis(config)
}
