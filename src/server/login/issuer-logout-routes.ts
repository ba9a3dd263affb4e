import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { bodyOf } from '../http/body-parser.ts'
import { loginPaths } from '../http/login-paths.ts'
import { loginRefusal } from './login-error.ts'
import type { LoginParts } from './login-parts.ts'
import { faultOf, type LogoutChannel, LogoutRefusal } from './logout-refusal.ts'
import { isSessionId, readLogoutToken } from './logout-token.ts'
import { boundedForm } from './token-route.ts'

type Hear = (parts: LoginParts, request: FastifyRequest) => Promise<void>

/** A route's handler, which also tells operators what became of a logout. */
function hearBy(channel: LogoutChannel, hear: Hear, parts: LoginParts) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { auditRecord, id: requestId } = request
    auditRecord.endpoint = `${channel}-channel-logout`
    try {
      await hear(parts, request)
    } catch (error) {
      parts.reportLogout({ channel, outcome: faultOf(error), requestId })
      throw error
    }
    parts.reportLogout({ channel, outcome: 'accepted', requestId })
    auditRecord.decision = 'allow'
    return reply.type('text/plain; charset=utf-8').send('')
  }
}

async function tokenIn(request: FastifyRequest): Promise<string> {
  const form = new URLSearchParams(Buffer.from(await bodyOf(request)).toString('latin1'))
  const [token, ...others] = form.getAll('logout_token')
  if (token === undefined || token === '' || others.length > 0)
    throw new LogoutRefusal('malformed', 'Send a form with one logout_token, as OpenID Connect Back-Channel Logout 1.0 says.')
  return token
}

/** The issuer says that one of its sessions, or all of a person, have ended. */
async function hearIssuer({ issuer, settings, store, now }: LoginParts, request: FastifyRequest): Promise<void> {
  const token = await tokenIn(request)
  const keys = await issuer.keys().catch((error) => {
    throw loginRefusal(error)
  })
  const expected = { keys, issuer: issuer.issuer, clientId: settings.clientId, now: now() }
  const { logout, message } = await readLogoutToken(token, expected)
  if (!(await store.doOnce(message, () => store.endAtIssuer(logout, 'proved'))))
    throw new LogoutRefusal('repeated', 'The logout token was sent before: what it says has been done.')
}

/** The issuer's page, in the browser of whoever logged out there, says the same by a link in a frame, to which no cookie comes along. */
async function hearBrowser({ issuer, store }: LoginParts, request: FastifyRequest): Promise<void> {
  const { searchParams } = new URL(request.raw.url ?? '/', 'http://localhost')
  const [issuerSession, ...others] = searchParams.getAll('sid')
  if (!isSessionId(issuerSession) || others.length > 0)
    throw new LogoutRefusal('malformed', 'The address must have the sid of one session of the issuer, so nobody is logged out.')
  // Microsoft Entra ID does not name itself.
  if (searchParams.getAll('iss').some((said) => said !== issuer.issuer))
    throw new LogoutRefusal('foreign', 'The logout is one of another issuer, so nobody is logged out.')
  await store.endAtIssuer({ issuerSession }, 'unproved')
}

/** Where the issuer says who has logged out there. */
export function addIssuerLogoutRoutes(app: FastifyInstance, parts: LoginParts): void {
  app.post(loginPaths.backChannelLogout, boundedForm, hearBy('back', hearIssuer, parts))
  const framed = { config: { open: true, fromAnySite: true } } as const
  app.get(loginPaths.frontChannelLogout, framed, hearBy('front', hearBrowser, parts))
}
