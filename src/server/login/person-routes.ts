import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { environmentsOf } from '../../policy/environments/choose-environment.ts'
import type { Environment } from '../../policy/environments/environment.ts'
import { Refusal } from '../../policy/reasons.ts'
import { loginPaths } from '../http/login-paths.ts'
import { environmentOf } from '../http/request-hooks.ts'
import { choicePage } from '../http/ui-entrance.ts'
import { codePage, oneTimePage, tokenPage } from './code-pages.ts'
import { markOf } from './login-ends.ts'
import type { LoginParts } from './login-parts.ts'
import { sendPage } from './logout-pages.ts'
import type { Current } from './renewals.ts'

function environmentsFor({ config }: LoginParts, { authenticated }: FastifyRequest): readonly Environment[] {
  return authenticated === null ? [] : environmentsOf(config, authenticated.principal)
}

/** A new access token of the person who asks with a login. Rejects with a Refusal. */
async function freshToken({ logins, renewals }: LoginParts, request: FastifyRequest): Promise<Current> {
  const session = await logins.sessionOf(request)
  if (session === null) throw new Refusal('unauthenticated', 'Log in to get a token.')
  if (session.refreshToken === null)
    throw new Refusal('unprocessable', 'Your login cannot be renewed, so there is no token to show: use the Azure CLI.')
  return renewals.renew(session, 'token', true)
}

async function showToken(parts: LoginParts, request: FastifyRequest, reply: FastifyReply, once: boolean) {
  request.auditRecord.endpoint = once ? 'one-time-code' : 'use-from-code'
  const { session, header, accessToken } = await freshToken(parts, request)
  if (header !== null) reply.header('set-cookie', header)
  const token = accessToken ?? ''
  const address = { publicUrl: parts.settings.publicUrl, environments: environmentsFor(parts, request) }
  if (once) return sendPage(reply, oneTimePage(address, await parts.codes.give({ token, login: markOf(session) })))
  return sendPage(reply, tokenPage(address, token, new Date(session.authenticated.validity.expiresAt * 1_000)))
}

/** The pages for a person who is logged in. */
export function addPersonRoutes(app: FastifyInstance, parts: LoginParts): void {
  app.get(loginPaths.environments, async (request, reply) => {
    request.auditRecord.endpoint = 'environments'
    const mine = environmentsFor(parts, request)
    // It says why there is none.
    if (mine.length === 0) environmentOf(parts.config, request)
    return sendPage(reply, choicePage(mine, `${parts.basePath}/`))
  })
  app.get(loginPaths.code, async (request, reply) => {
    request.auditRecord.endpoint = 'use-from-code'
    const { publicUrl, scope } = parts.settings
    return sendPage(reply, codePage({ publicUrl, environments: environmentsFor(parts, request) }, scope))
  })
  app.post(loginPaths.code, (request, reply) => showToken(parts, request, reply, false))
  app.post(loginPaths.oneTimeCode, (request, reply) => showToken(parts, request, reply, true))
}
