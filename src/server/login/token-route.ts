import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../policy/reasons.ts'
import { bodyOf } from '../http/body-parser.ts'
import { loginPaths } from '../http/login-paths.ts'
import type { LoginParts } from './login-parts.ts'
import { refuseCode } from './one-time-codes.ts'

/** Bytes of a form with a code or a token; a code may hold a whole access token. */
const longestForm = 16 * 1_024

/** The code of a form. Throws a Refusal if it is not one alone. */
async function codeIn(request: FastifyRequest): Promise<string> {
  const form = new URLSearchParams(Buffer.from(await bodyOf(request)).toString('latin1'))
  const [[name, code] = [], ...others] = [...form]
  if (name === 'code' && code !== undefined && code !== '' && others.length === 0) return code
  throw new Refusal('malformed', 'Send a form with a code and nothing else, as “Use it from code” shows.')
}

async function giveToken({ codes, store, check }: LoginParts, request: FastifyRequest, reply: FastifyReply) {
  request.auditRecord.endpoint = 'one-time-token'
  const { token, login } = await codes.take(await codeIn(request))
  if (await store.hasEnded(login)) throw refuseCode()
  const { principal } = await check.authenticator.authenticate([`Bearer ${token}`])
  request.auditRecord.principal = principal
  request.auditRecord.decision = 'allow'
  return reply.type('text/plain; charset=utf-8').send(`${token}\n`)
}

/** Of a route that takes a form from anybody: what it says proves itself. */
export const boundedForm = {
  config: { open: true },
  onRequest: async ({ headers }: FastifyRequest) => {
    // Before the body is read: nobody is known yet.
    if (!(Number(headers['content-length']) <= longestForm))
      throw new Refusal('too-large', `Send a form of at most ${longestForm} bytes, with its Content-Length.`)
  },
} as const

/** Where programs exchange a code for a token. Whoever has the code needs no token. */
export function addTokenRoute(app: FastifyInstance, parts: LoginParts): void {
  app.post(loginPaths.token, boundedForm, (request, reply) => giveToken(parts, request, reply))
}
