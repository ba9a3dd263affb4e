import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../policy/reasons.ts'
import { checkOwnChange, isSameHost } from '../http/cross-site.ts'
import { loginPaths } from '../http/login-paths.ts'
import { beginAttempt, readAttempt, writeAttempt } from './attempt.ts'
import { dropCookie } from './cookies.ts'
import { loginRefusal } from './login-error.ts'
import type { LoginParts } from './login-parts.ts'
import { loggedOutPage, logoutPage, sendPage } from './logout-pages.ts'
import { openSession } from './open-session.ts'
import { readOwnPath } from './own-path.ts'
import type { Session } from './session.ts'

/** Adds to the `Set-Cookie` headers of an answer. */
function cookie(reply: FastifyReply, header: string): FastifyReply {
  return reply.header('set-cookie', header)
}

function queryOf({ raw }: FastifyRequest): URLSearchParams {
  return new URL(raw.url ?? '/', 'http://localhost').searchParams
}

/** Begins a login: sends the browser to the issuer. */
async function begin({ settings, attempts, cookies, issuer, now }: LoginParts, request: FastifyRequest, reply: FastifyReply) {
  request.auditRecord.endpoint = 'login'
  const { publicUrl } = settings
  const [to, ...others] = queryOf(request).getAll('to')
  if (others.length > 0) throw new Refusal('malformed', 'The address to open after the login is given more than once.')
  const back = readOwnPath(to, publicUrl)
  // The issuer sends browsers to the public URL, which is where the cookie must be.
  if (!isSameHost(publicUrl, request.headers.host))
    return reply.redirect(`${publicUrl}${loginPaths.login}?to=${encodeURIComponent(back)}`, 303)
  const attempt = beginAttempt(back)
  const url = await issuer.loginUrl(attempt).catch((error) => {
    throw loginRefusal(error)
  })
  return cookie(reply, await writeAttempt(attempts, cookies.attempt, attempt, now())).redirect(url, 303)
}

/** Ends a login: the browser comes back from the issuer. */
async function complete(parts: LoginParts, request: FastifyRequest, reply: FastifyReply) {
  request.auditRecord.endpoint = 'login-callback'
  const { settings, attempts, cookies, basePath, issuer, store, renewals, check, now } = parts
  request.browser = { person: null, loginAddress: `${basePath}${loginPaths.login}`, basePath }
  // An answer of the issuer is good once, whatever becomes of it.
  cookie(reply, dropCookie(cookies.attempt))
  const attempt = await readAttempt(attempts, cookies.attempt, request.headers.cookie)
  const begunAt = now()
  const tokens = await issuer.redeem(queryOf(request), attempt).catch((error) => {
    throw loginRefusal(error)
  })
  const session = await openSession(check, tokens, settings.sessionHours * 3_600, begunAt)
  request.auditRecord.principal = session.authenticated.principal
  request.auditRecord.decision = 'allow'
  renewals.keepToken(session, tokens.accessToken)
  return cookie(reply, await store.write(session)).redirect(readOwnPath(attempt.back, settings.publicUrl), 303)
}

/** The session to end; null if there is none that is still good. */
async function endingSession({ logins }: LoginParts, request: FastifyRequest): Promise<Session | null> {
  try {
    return await logins.sessionOf(request)
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'unauthenticated') return null
    throw error
  }
}

async function logout(parts: LoginParts, request: FastifyRequest, reply: FastifyReply) {
  request.auditRecord.endpoint = 'logout'
  checkOwnChange(request.raw)
  const session = await endingSession(parts, request)
  if (session !== null) {
    request.auditRecord.principal = session.authenticated.principal
    await parts.store.end(session)
  }
  cookie(reply, dropCookie(parts.cookies.session))
  // Whoever wants to leave has left here, also while the issuer is down.
  const there = await parts.issuer.logoutUrl().catch(() => null)
  return reply.redirect(there ?? `${parts.basePath}${loginPaths.loggedOut}?here`, 303)
}

/** The addresses of a login and its end, which need no token. */
export function addLoginRoutes(app: FastifyInstance, parts: LoginParts): void {
  const open = { config: { open: true } } as const
  app.get(loginPaths.login, open, (request, reply) => begin(parts, request, reply))
  app.get(loginPaths.callback, open, (request, reply) => complete(parts, request, reply))
  app.get(loginPaths.logout, open, async (request, reply) => {
    request.auditRecord.endpoint = 'logout'
    const session = await endingSession(parts, request)
    const issuersPage = await parts.issuer.logoutUrl().catch(() => null)
    return sendPage(reply, logoutPage(parts.basePath, session?.person ?? null), issuersPage)
  })
  app.post(loginPaths.logout, open, (request, reply) => logout(parts, request, reply))
  app.get(loginPaths.loggedOut, open, async (request, reply) => {
    request.auditRecord.endpoint = 'logged-out'
    return sendPage(reply, loggedOutPage(parts.basePath, queryOf(request).has('here')))
  })
}
